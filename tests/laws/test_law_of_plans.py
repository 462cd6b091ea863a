"""What is derived, ranked and aimed at is a function of the set of events, however it arrived."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from tests.histories.events import is_fit
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)
from tests.laws.test_law_of_sets import Stream

START = datetime(2026, 1, 20, tzinfo=UTC)
DAYS = 75
HOURS = 24 * DAYS
DAY_MS = 86_400_000
REPS = ("ann", "bob", "cyd")
PARTNERS = ("north", "south")
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "lead.created": st.fixed_dictionaries(
        {"subject": st.sampled_from("abcd")},
        optional={
            "rep": st.sampled_from(REPS),
            "partner": st.sampled_from(PARTNERS),
            "channel": st.sampled_from(("web", "fair")),
        },
    ),
    "deal.changed": st.fixed_dictionaries(
        {"subject": st.sampled_from("abcd"), "deal": st.sampled_from("abcd")},
        optional={
            "status": st.sampled_from(("open", "won", "won", "lost")),
            "amount": st.sampled_from(("100", "250.55", "-30", "1999.99")),
            "rep": st.sampled_from(REPS),
            "partner": st.sampled_from(PARTNERS),
        },
    ),
    "deal.deleted": st.fixed_dictionaries(
        {"subject": st.sampled_from("abcd"), "deal": st.sampled_from("abcd")}
    ),
    "rep.set": st.fixed_dictionaries(
        {"rep": st.sampled_from(REPS), "team": st.sampled_from(("east", "west", ""))}
    ),
    "activity.logged": st.fixed_dictionaries(
        {
            "subject": st.just("rep:ann"),
            "rep": st.just("ann"),
            "kind": st.just("prospecting"),
            "channel": st.sampled_from(("web", "fair")),
        },
        optional={
            "hours": st.sampled_from(("1.5", "0.25")),
            "outreach": st.integers(0, 5),
            "responses": st.integers(0, 3),
        },
    ),
    "spend.recorded": st.fixed_dictionaries(
        {"amount": st.sampled_from(("50", "70.5")), "currency": st.just("EUR")},
        optional={"channel": st.sampled_from(("web", "fair"))},
    ),
    "order.placed": st.fixed_dictionaries(
        {
            "subject": st.just("acme"),
            "order": st.sampled_from("pqr"),
            "amount": st.just("10"),
            "currency": st.just("EUR"),
            "promised": st.sampled_from(("2026-02-10", "2026-03-05")),
        }
    ),
    "order.delivered": st.fixed_dictionaries(
        {"subject": st.just("acme"), "order": st.sampled_from("pqr")}
    ),
    "target.set": st.fixed_dictionaries(
        {
            "kpi": st.sampled_from(
                (
                    "revenue_won",
                    "cycle_time",
                    "pipeline_amount",
                    "sales_velocity",
                    "partner_quality",
                    "delivery_sales_lag",
                )
            ),
            "scope": st.sampled_from([{}, {"rep": "ann"}, {"team": "west"}, {"partner": "north"}]),
            "window": st.sampled_from(("day", "week", "month", "last_7d")),
            "value": st.sampled_from(("100", "1000.5", "0")),
        },
        optional={
            "start": st.integers(0, DAYS).map(
                lambda days: f"{START + timedelta(days=days):%Y-%m-%d}"
            )
        },
    ).filter(is_fit),
}


@st.composite
def histories(draw: st.DrawFn) -> list[EventDict]:
    """Draw some weeks of a small company and of what it is to reach."""
    kinds = st.sampled_from([*["deal.changed"] * 5, *["target.set"] * 2, *KINDS])
    events: list[EventDict] = []
    for number, kind in enumerate(draw(st.lists(kinds, max_size=30))):
        fields: dict[str, Any] = draw(KINDS[kind])
        if kind == "deal.changed" and "amount" in fields:
            fields["currency"] = "EUR"
        at = START + timedelta(hours=draw(st.integers(0, HOURS)))
        events.append({"id": f"e{number}", "type": kind, "at": at.isoformat(), **fields})
    return events


@given(histories(), st.data())
def test_arriving_bit_by_bit_while_time_passes_ends_where_a_replay_does(
    events: list[EventDict], data: st.DataObject
) -> None:
    hours = data.draw(st.integers(HOURS // 2, HOURS + 24 * 40))
    now = int(START.timestamp() * 1000) + hours * 3_600_000
    clocks = sorted(
        data.draw(st.lists(st.integers(now - 60 * DAY_MS, now), min_size=1, max_size=4))
    )
    arrival = data.draw(st.permutations(events))
    stream = Stream(replace(Settings(), now=now), clocks[0])
    reader = Reader()
    for clock in [*clocks, now]:
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < now else (arrival, [])
        stream.process(some, clock)
        reader.read(
            stream.mergers,
            data.draw(st.sampled_from((None, *Priority))),
            data.draw(st.sampled_from((None, 0, 1, 3))),
        )
    reader.read(stream.mergers)
    assert reader.records == bodies(events, Settings(now=now))


def test_target_is_in_windows_before_it_of_which_another_target_makes_a_record() -> None:
    target = {"type": "target.set", "scope": {"partner": "north"}, "window": "day", "value": "100"}
    events: list[EventDict] = [
        {"id": "1", "at": "2026-01-21T08:00:00+00:00", "kpi": "revenue_won", **target},
        {"id": "2", "at": "2026-01-25T06:00:00+00:00", "kpi": "partner_quality", **target},
    ]
    days = ((2, 21), (3, 4), (3, 25))
    clocks = [int(datetime(2026, *day, tzinfo=UTC).timestamp() * 1000) for day in days]
    now = clocks[-1]
    stream, reader = Stream(replace(Settings(), now=now), clocks[0]), Reader()
    for clock, some in zip(clocks, (events[:1], [], events[1:]), strict=True):
        stream.process(some, clock)
        reader.read(stream.mergers)
    assert reader.records == bodies(events, Settings(now=now))
    before = reader.records["partner_quality|partner=north|day|2026-01-24T00:00:00+00:00"]
    assert b'"target":100' in before
