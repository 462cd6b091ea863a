"""What brings a subject back into memory, one reason after the other."""

from pathlib import Path
from typing import Any

import pytest

from streams.config.rules import read
from streams.config.settings import Settings, instant
from streams.wiring.catalogue import catalogue
from tests.laws.restoring.retiring import restarted, retiring_owner
from tests.laws.restoring.snapshots import owner_of_nothing, read_again
from tests.laws.restoring.test_law_of_retirement import assert_same, process_each
from tests.laws.restoring.test_law_of_snapshots import DAY_MS
from tests.laws.test_law_of_sets import decoded

NOW = instant("2026-06-01T00:00:00Z", "NOW")
HORIZON = instant("2025-01-01T00:00:00Z", "HORIZON")
Fields = dict[str, Any]
LEAD: Fields = {"subject": "seven", "rep": "ann"}
DEAL: Fields = {"deal": "d", "status": "won", "amount": "100", "currency": "USD", "account": "acme"}
CALL: Fields = {"rep": "bob", "direction": "outbound", "outcome": "connected", "seconds": 60}
COMPLAINT: Fields = {"ticket": "t", "kind": "complaint"}
OLD = [
    {"type": "lead.created", "id": "l", "at": "2023-03-04T20:00:00Z", **LEAD},
    {"type": "call.ended", "id": "c", "at": "2023-03-06T09:30:00Z", "subject": "seven", **CALL},
    {"type": "deal.changed", "id": "d", "at": "2023-03-07T09:00:00Z", "subject": "seven", **DEAL},
    {"type": "ticket.opened", "id": "t", "at": "2023-03-08T09:00:00Z", "subject": "acme"}
    | COMPLAINT,
]
OF_TIME = '[definitions]\norganisation = "event"\n'
BUSINESS = '[definitions]\nresponse_hours = "business"\n'
REGION = '[dimensions]\nregion = "account"\n'


def late(kind: str, at: str = "2023-03-09T09:00:00Z", **fields: Any) -> Fields:
    """An event of long ago that comes now."""
    return {"type": kind, "id": f"late-{kind}", "at": at, **fields}


def rate(day: str) -> Fields:
    """A rate of the dollar since a day."""
    return late("rate.set", currency="USD", date=day, rate="0.5")


MORE_CALLS = late("call.ended", subject="seven", **CALL)
MOVED = late("rep.set", "2023-03-05T00:00:00Z", rep="ann", team="north")
# The rules, the records that come one after another, and how many subjects the first brings back.
REASONS = {
    "event": ("", [MORE_CALLS], 1),
    "rate of that time": ("", [rate("2023-03-01")], 1),
    "rate of later": ("", [rate("2023-03-08")], 0),
    "rate after an event": ("", [MORE_CALLS, rate("2023-03-01")], 1),
    "team of the time": (OF_TIME, [MOVED], 1),
    "team of now": ("", [MOVED], 0),
    "team after an event": (OF_TIME, [MORE_CALLS, MOVED], 1),
    "time zone": (BUSINESS, [late("rep.set", rep="ann", timezone="Asia/Tokyo")], 1),
    "account": ("", [late("account.set", account="acme", rep="eve", segment="smb")], 1),
    "account of deals": (
        REGION,
        [late("account.set", account="acme", custom={"region": "west"})],
        2,
    ),
    "erasure": ("", [late("subject.erased", topic="crm.lead", subject="seven")], 1),
    "merge into it": (
        "",
        [
            late("lead.created", "2026-05-31T09:00:00Z", subject="nine"),
            late("subject.merged", topic="crm.lead", subject="nine", into="seven"),
        ],
        0,
    ),
    "merge": ("", [late("subject.merged", topic="crm.lead", subject="seven", into="eight")], 1),
}
# Who is merged counts as before, for the survivor.
UNCHANGED = ("rate of later", "team of now", "merge", "merge into it")


@pytest.mark.parametrize("reason", REASONS)
def test_subject_out_of_memory_changes_as_one_that_stayed(reason: str, tmp_path: Path) -> None:
    rules, records, back = REASONS[reason]
    file = tmp_path / "rules.toml"
    file.write_text(rules)
    settings = Settings(rules=file)
    in_force = catalogue(settings, read(settings.rules))
    plain, retiring = owner_of_nothing(in_force, NOW), retiring_owner(in_force, NOW)
    for owner in (plain, retiring):
        process_each(owner, decoded(OLD), NOW)
    assert retiring.retire(HORIZON) == 2
    snapshot = retiring.snapshot()
    before = plain.aggregator.cells()
    first, *more = decoded(records)
    for owner in (plain, retiring):
        owner.process([first], NOW)
    assert retiring.aggregator.retired_sets == 2 - back
    for owner in (plain, retiring):
        process_each(owner, more, NOW)
    assert_same(plain.aggregator, retiring.aggregator, NOW)
    assert (plain.aggregator.cells() == before) is (reason in UNCHANGED)
    for chosen in (snapshot, None):
        again = restarted(retiring, chosen, in_force, NOW)
        assert_same(read_again(plain, plain.state, in_force, NOW), again, NOW)


def test_rate_of_today_leaves_an_account_out_of_memory_as_it_is_counted() -> None:
    in_force = catalogue(Settings())
    of_dollars = {**late("account.set", account="acme", currency="USD"), "id": "of-dollars"}
    plain, retiring = owner_of_nothing(in_force, NOW), retiring_owner(in_force, NOW)
    for owner in (plain, retiring):
        process_each(owner, decoded([*OLD, of_dollars]), NOW)
    assert retiring.retire(HORIZON) == 2
    # A new owner knows the account's record before it knows any event.
    retiring.aggregator = restarted(retiring, retiring.snapshot(), in_force, NOW)
    again = {**late("ticket.opened", subject="acme"), **COMPLAINT, "ticket": "u"}
    for owner in (plain, retiring):
        process_each(owner, decoded([rate("2026-05-31"), again]), NOW)
    assert_same(plain.aggregator, retiring.aggregator, NOW)


def test_event_that_has_happened_since_waits_again_where_the_clock_was_set_back() -> None:
    in_force = catalogue(Settings())
    owner = retiring_owner(in_force, NOW)
    process_each(owner, decoded(OLD), NOW)
    assert owner.retire(HORIZON) == 2
    snapshot = owner.snapshot()
    owner.process(
        decoded([late("call.ended", "2026-06-02T09:00:00Z", subject="seven", **CALL)]), NOW
    )
    before = owner.aggregator.cells()
    owner.process([], NOW + 2 * DAY_MS)
    assert owner.aggregator.cells() != before
    again = restarted(owner, snapshot, in_force, NOW)
    assert again.future_events == 1
    assert again.cells() == before
    assert again.apply_all_pending(NOW + 2 * DAY_MS)
    assert again.cells() == owner.aggregator.cells()
