"""What has to be written again when something else has changed, or when only time has passed."""

import json

import pytest

import streams.engine.catalogue.declare_derived as room
from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.declare_derived import derived
from streams.engine.catalogue.derived import FormulaContext, Quotient
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.merger import Merger
from streams.events import (
    Event,
    ReferenceRecord,
    decode,
)
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    deal,
    delivered,
    instant,
    lead,
    ordered,
    spent,
    target,
    won,
)
from tests.laws.published import bodies

NOON = "03-20 12:00"
# The rolling windows of a day and those before them hold so many days at least.
ROLLED_DAYS = 2 * (7 + 15 + 30 + 90)


class Live:
    """A aggregator and a merger that events reach one after the other, and what they published."""

    def __init__(self, now: str = NOON) -> None:
        """Begin at an instant."""
        kpi_catalogue = catalogue(Settings())
        self.now = instant(now)
        self.aggregator = Aggregator(kpi_catalogue, self.now)
        self.merger = Merger(kpi_catalogue, self.now)
        self.sent: list[Said] = []
        self.records: dict[str, bytes] = {}

    def send(self, *events: Said, now: str = "") -> set[str]:
        """Let time pass and events come; gives the keys of the records that are other now."""
        self.now = instant(now) if now else self.now
        self.sent += events
        self.merger.advance_clock_to(self.now)
        for fields in events:
            event = decode(json.dumps(fields).encode())
            if isinstance(event, ReferenceRecord):
                self.aggregator.add_reference(event)
                self.merger.add_reference(event)
            elif isinstance(event, Event):
                self.aggregator.add(event)
        for cell, vector in self.aggregator.apply_all_pending(self.now).items():
            self.merger.set_partial(0, cell, vector)
        # What is long over is final at once, and must not be written again for that next time.
        self.merger.advance_clock_to(self.now)
        before = dict(self.records)
        for key, body, _ in self.merger.publications():
            if body is None:
                self.records.pop(key, None)
            else:
                self.records[key] = body
        # Whatever happened: what stands is what a replay gives.
        assert self.records == bodies(self.sent, Settings(now=self.now))
        keys = before.keys() | self.records.keys()
        return {key for key in keys if before.get(key) != self.records.get(key)}

    def apply(self, fields: Said) -> None:
        """Let an event reach the merger, which publishes nothing."""
        event = decode(json.dumps(fields).encode())
        assert isinstance(event, Event)
        self.aggregator.add(event)
        for cell, vector in self.aggregator.apply_all_pending(self.now).items():
            self.merger.set_partial(0, cell, vector)


def later_windows_of(merger: Merger, limit: int) -> set[str]:
    """Take a part of what comes later; give the windows of reps in it, by kind and start."""
    keys = [key.split("|") for key, _, _ in merger.publications(Priority.LATER, limit)]
    return {f"{kind} {start}" for _, scope, kind, start in keys if scope[:4] == "rep="}


def month(kpi: str, number: str, scope: str = "all") -> str:
    """Name a record of a month of this year."""
    return f"{kpi}|{scope}|month|2026-{number}-01T00:00:00+00:00"


def test_late_step_moves_what_is_made_of_a_level_where_that_has_no_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "_derived", dict(room._derived))

    @derived(
        "open_a_lead",
        unit="ratio",
        scopes=("rep",),
        ingredients=("pipeline_count", "lead_count"),
        formula="pipeline_count / lead_count",
        source="our own",
    )
    def open_a_lead(given: FormulaContext) -> Quotient | None:
        """Open deals a lead."""
        leads = given.vector("lead_count").get("n", 0)
        return (given.vector("pipeline_count").get("sum", 0), leads) if leads else None

    live = Live()
    live.send(lead("02-10 09:00"))
    changed = live.send(deal("01-10 09:00", "a", "a"))
    # A deal that has been open since January: February has a lead and no step.
    assert month("open_a_lead", "02") in changed


def test_late_step_moves_a_level_that_only_has_a_record_for_its_target() -> None:
    live = Live()
    live.send(target("pipeline_count", "5", start="2026-02-01"))
    # It goes stale on 31 January: nothing at all happens in February.
    changed = live.send(deal("01-01 00:00", "a", "a"))
    assert month("pipeline_count", "02") in changed
    assert b'"value":1' in live.records[month("pipeline_count", "02")]


def test_window_of_a_target_that_came_and_went_between_two_rounds_has_its_record() -> None:
    live = Live()
    live.send(target("deal_count", "5", start="2026-04-15"))
    assert month("deal_count", "04") in live.send(now="05-01 12:00")
    assert b'"final":false' in live.records[month("deal_count", "04")]


def test_window_of_a_target_becomes_final_without_a_fact() -> None:
    live = Live()
    live.send(target("deal_count", "5", "week", start="2026-03-18"))
    week = "deal_count|all|week|2026-03-16T00:00:00+00:00"
    live.send(now="03-23 12:00")
    assert b'"final":false' in live.records[week]
    live.send(now="03-24 00:00")
    assert b'"final":true' in live.records[week]


def test_target_of_the_month_before_moves_what_was_derived_from_it() -> None:
    live = Live()
    live.send(
        deal("01-10 09:00", "a", "a", amount="100"),
        won("02-10 09:00", "b", "50"),
        won("03-10 09:00", "c", "50"),
    )
    changed = live.send(target("revenue_won", "150", start="2026-02-01"))
    assert month("pipeline_coverage", "02") in changed
    # 100 open by 100 missing at February's end: the value before March's.
    assert month("pipeline_coverage", "03") in changed
    assert b'"previous":1.0' in live.records[month("pipeline_coverage", "03")]


def test_lasting_kpi_goes_on_month_after_month_and_becomes_final() -> None:
    live = Live()
    live.send(
        ordered("03-10 08:00", promised="2026-03-12"),
        delivered("03-10 09:00"),
    )
    assert month("delivery_sales_lag", "04") not in live.records
    assert month("delivery_sales_lag", "04") in live.send(now="04-01 00:00")
    live.send(now="06-02 00:00")
    april = month("delivery_sales_lag", "04")
    assert b'"final":true' in live.records[april]
    assert month("delivery_sales_lag", "06") in live.records


def test_lasting_kpi_becomes_final_while_nothing_else_happens() -> None:
    live = Live()
    live.send(ordered("03-10 08:00", promised="2026-03-12"), delivered("03-10 09:00"))
    live.send(now="04-15 00:00")
    assert b'"final":false' in live.records[month("delivery_sales_lag", "04")]
    live.send(now="05-02 00:00")
    assert b'"final":true' in live.records[month("delivery_sales_lag", "04")]


def test_lasting_kpi_of_a_month_that_was_over_before_its_facts_came_becomes_final() -> None:
    live = Live("05-01 12:00")
    live.send(ordered("03-10 08:00", promised="2026-03-12"), delivered("03-10 09:00"))
    assert b'"final":false' in live.records[month("delivery_sales_lag", "04")]
    live.send(now="05-02 12:00")
    assert b'"final":true' in live.records[month("delivery_sales_lag", "04")]


def test_delivery_that_comes_late_moves_every_month_up_to_now() -> None:
    live = Live()
    live.send(won("01-10 09:00", "a", "50"))
    changed = live.send(ordered("01-10 08:00", promised="2026-01-12"), delivered("01-11 09:00"))
    assert {month("delivery_sales_lag", it) for it in ("01", "02", "03")} <= changed
    assert month("delivery_sales_lag", "04") not in live.records


def test_best_partner_moves_the_others_and_only_in_their_windows() -> None:
    live = Live()
    live.send(
        won("02-10 09:00", "a", "50", partner="north"),
        won("03-10 09:00", "b", "50", partner="north"),
    )
    changed = live.send(won("03-11 09:00", "c", "70", partner="south"))
    assert month("partner_quality", "03", "partner=north") in changed
    assert month("partner_quality", "02", "partner=north") not in changed
    # One that is not the best leaves the best as it is.
    changed = live.send(won("03-12 09:00", "d", "10", partner="west"))
    assert month("partner_quality", "03", "partner=south") not in changed


def test_spend_of_a_day_moves_its_windows_and_the_change_of_those_after() -> None:
    live = Live()
    live.send(lead("02-10 09:00", "a"), lead("03-10 09:00", "b"))
    changed = live.send(spent("02-11 09:00", "70"))
    assert {month("cost_per_lead", it) for it in ("02", "03")} <= changed
    assert month("lead_count", "02") not in changed


def test_round_gives_each_key_once_and_keeps_what_is_deferred() -> None:
    live = Live()
    live.send(won("03-10 09:00", "a", "50", rep="ann"), won("03-10 09:00", "b", "90", rep="bob"))
    live.apply(won("03-11 09:00", "c", "60", rep="ann"))
    first = [key for key, _, _ in live.merger.publications(Priority.FIRST)]
    assert live.merger.pending > live.merger.waiting(Priority.FIRST) == 0
    assert month("revenue_won", "03", "all") in first
    second = [key for key, _, _ in live.merger.publications()]
    assert len({*first, *second}) == len(first) + len(second)
    # Ann passed bob: his rank in the month waited as well.
    assert month("revenue_won", "03", "rep=bob") in second
    assert not live.merger.pending


def test_windows_come_in_parts_those_first_that_wait_longest() -> None:
    live = Live()
    live.send(won("03-10 09:00", "a", "50", rep="ann"), won("03-10 09:00", "b", "90", rep="bob"))
    live.apply(won("03-11 09:00", "c", "60", rep="ann"))
    parts = [later_windows_of(live.merger, limit=1)]
    # What has just been taken waits behind all others now.
    live.apply(won("03-11 10:00", "d", "70", rep="ann"))
    while live.merger.waiting(Priority.LATER):
        parts.append(later_windows_of(live.merger, limit=1))
    assert all(len(part) <= 1 for part in parts)
    first, *others, last = (window for part in parts for window in part)
    assert first == last
    assert len({first, *others}) == 1 + len(others) >= 5
    # The running week has changed by the one before alone: that comes next, its ranks later.
    live.merger.publications(Priority.NEXT)
    live.merger.publications(Priority.LATER)
    assert not live.merger.pending


def test_next_day_comes_a_little_at_a_time() -> None:
    live = Live()
    live.send(lead("03-20 09:00"), lead("03-12 09:00", "lead-2"))
    assert not live.merger.advance_clock(instant(NOON))
    steps = 1
    while live.merger.advance_clock(instant("03-21 00:00")):
        steps += 1
    assert steps >= ROLLED_DAYS
    assert live.send(now="03-21 00:00")


def test_level_that_ends_unread_on_a_day_leaves_no_record_of_that_day() -> None:
    live = Live()
    live.send(deal("03-18 09:00", "a", "a", rep="ann"))
    moved = deal("03-18 10:00", "a", "a", rep="bob")
    live.apply(moved)
    live.sent.append(moved)
    today = "pipeline_count|rep=ann|day|2026-03-20T00:00:00+00:00"
    assert today in live.records
    assert today in live.send(now="03-21 12:00")
    assert today not in live.records
