"""What is dated later than now has not happened: it waits for its time, all of it."""

import json
from itertools import permutations

import pytest
from msgspec.structs import force_setattr

from streams.config.settings import Settings
from streams.events import Event, decode
from tests.engine.live import ZONE, Live
from tests.engine.live import replayed as published_by_replay
from tests.kpis.story import (
    Said,
    account,
    call,
    deal,
    instant,
    invoice,
    lead,
    member,
    rate,
    said,
    spent,
    target,
    told,
)

EARLY, LATE = "03-05 12:00", "03-10 12:00"
DAYS = 24 * 3_600_000
STORY = (
    lead("03-01 09:00"),
    deal("03-02 09:00", amount="100", rep="ann", status="open"),
    deal("03-08 09:00", amount="300", rep="bob", status="won"),
    call("03-09 09:00"),
)


def replayed(*events: Said, now: str) -> dict[str, bytes]:
    """Give what `replay` publishes, with the keys of `Live`."""
    fresh = Live(now).add(*events).published()
    assert published_by_replay(*events, now=now) == [fresh[key] for key in sorted(fresh)]
    return fresh


def test_what_would_have_stood_then() -> None:
    found = told(*STORY, now=EARLY, timezone=ZONE)
    assert found.parts("deal_conversion") == {"hits": 0, "total": 1}
    assert "response_time" not in found
    assert found["pipeline_amount", "rep=ann"] == found["pipeline_amount"] == "100.00"
    assert found.scopes("pipeline_amount") == {"all", "rep=ann"}
    assert "revenue_won" not in found


def test_what_stands_once_it_has_happened() -> None:
    found = told(*STORY, now=LATE, timezone=ZONE)
    assert found.parts("deal_conversion") == {"hits": 1, "total": 1}
    assert found["response_time"] == 8 * DAYS
    assert found["revenue_won"] == found["revenue_won", "rep=bob"] == "300.00"
    assert found.scopes("revenue_won") == {"all", "rep=bob"}
    assert found["cycle_time"] == 7 * DAYS
    assert found["pipeline_amount"] == "0.00"


@pytest.mark.parametrize("restarts", [False, True])
def test_it_stands_as_soon_as_the_clock_has_reached_it(restarts: bool) -> None:
    live = Live(EARLY).add(*STORY)
    assert live.published() == replayed(*STORY, now=EARLY)
    assert live.aggregator.future_events == 2
    assert live.aggregator.next_due == instant("03-08 09:00")
    for now in ("03-08 08:59:59", "03-08 09:00", LATE):
        live.advance(now)
        if restarts:
            live.start()
        assert live.published() == replayed(*STORY, now=now)
    assert live.aggregator.future_events == 0
    assert not [key for key, value in live.state.items() if key[:1] == b"w" and value]


REFERENCE = (
    invoice("03-02 09:00", "100", due="03-31", currency="USD"),
    deal("03-02 09:00", "d2", rep="ann", amount="10", status="open"),
    account("acme", "03-01 00:00", rep="ann", segment="retail"),
    account("acme", "03-08 00:00", rep="bob"),
    member("ann", "03-01 00:00", team="north"),
    member("ann", "03-08 00:00", team="south"),
    rate("USD", "03-01", "0.5", at="03-01 00:00"),
    rate("USD", "03-01", "0.9", at="03-08 00:00"),
    target("revenue_won", "1000", at="03-01 00:00"),
    target("revenue_won", "9000", at="03-08 00:00"),
    spent("03-03 00:00", "5", channel="web"),
    spent("03-08 00:00", "7", channel="web"),
    said("ticket.opened", "03-03 09:00", subject="acme", ticket="t1", kind="complaint"),
)


def test_reference_data_of_the_future_waits_too() -> None:
    found = told(*REFERENCE, now=EARLY, timezone=ZONE)
    assert found["receivables"] == "50.00"
    assert found["complaints", "rep=ann"] == 1
    assert found["pipeline_amount", "team=north"] == "10.00"
    assert ("pipeline_amount", "team=south") not in found
    assert found["marketing_spend"] == "5.00"
    assert found.record("revenue_won")["target"] == "1000.00"  # type: ignore[index]  # it has a target
    late = told(*REFERENCE, now=LATE, timezone=ZONE)
    assert late["receivables"] == "90.00"
    assert late["complaints", "rep=bob"] == 1
    assert late["pipeline_amount", "team=south"] == "10.00"
    assert late["marketing_spend"] == "12.00"
    assert late.record("revenue_won")["target"] == "9000.00"  # type: ignore[index]  # likewise


def test_reference_data_counts_as_soon_as_the_clock_has_reached_it() -> None:
    live = Live(EARLY).add(*REFERENCE)
    assert live.published() == replayed(*REFERENCE, now=EARLY)
    assert live.aggregator.next_due == instant("03-08 00:00")
    assert live.advance(LATE).published() == replayed(*REFERENCE, now=LATE)


WHOLE = (
    lead("03-01 09:00", "a", rep="ann"),
    lead("03-02 09:00", "b", rep="bob"),
    said("subject.merged", "03-07 09:00", subject="a", into="b"),
    said("subject.erased", "03-08 09:00", subject="b"),
    lead("03-09 09:00", "b", rep="eve"),
)


def test_merges_and_erasures_wait_too() -> None:
    counts = {"03-05 12:00": 2, "03-07 12:00": 1, "03-08 12:00": 0, LATE: 1}
    live = Live(EARLY).add(*WHOLE)
    for now, count in counts.items():
        found = told(*WHOLE, now=now, timezone=ZONE)
        assert ("lead_count" in found) is bool(count)
        if count:
            assert found["lead_count"] == count
        assert live.advance(now).published() == replayed(*WHOLE, now=now)


def test_erased_subject_leaves_nothing_in_the_state_once_its_erasure_has_come() -> None:
    live = Live(EARLY).add(*WHOLE[:4])
    assert [value for value in live.state.values() if value and b"ann" in value]
    live.advance(LATE)
    kept = [(key, value) for key, value in live.state.items() if value is not None]
    assert not [pair for pair in kept if any(b"bob" in part or b":b" in part for part in pair)]


def version(at: str, amount: str) -> Said:
    """Give one version of one event."""
    return deal(at, amount=amount, status="won") | {"id": "e1"}


def test_of_one_event_the_version_stands_that_is_the_newest_by_then() -> None:
    versions = [
        version("03-02 09:00", "2"),
        version("03-07 09:00", "7"),
        version("03-09 09:00", "9"),
    ]
    wanted = {EARLY: "2.00", "03-07 12:00": "7.00", LATE: "9.00"}
    for order in permutations(versions):
        live = Live(EARLY).add(*order)
        for now, amount in wanted.items():
            assert told(*order, now=now, timezone=ZONE)["revenue_won"] == amount
            assert live.advance(now).published() == replayed(*order, now=now)


def test_redelivered_event_of_the_future_waits_once() -> None:
    live = Live(EARLY).add(*STORY, *STORY)
    assert live.aggregator.future_events == 2
    assert live.advance(LATE).published() == replayed(*STORY, now=LATE)


def test_clock_that_was_set_back_gives_what_stood_then() -> None:
    live = Live(LATE).add(*STORY)
    live.clock = instant(EARLY)
    live.settings = Settings(now=live.clock, timezone=ZONE)
    live.start()
    assert live.published() == replayed(*STORY, now=EARLY)
    live.start()
    assert live.advance(LATE).published() == replayed(*STORY, now=LATE)


def test_event_that_a_kpi_would_fail_for_is_found_before_its_time() -> None:
    live = Live(EARLY).add(*STORY[:2])
    poison = decode(json.dumps(STORY[2]).encode())
    assert isinstance(poison, Event)
    force_setattr(poison, "amount", "no number")
    with pytest.raises(ValueError, match="no number"):
        live.aggregator.check(poison)
