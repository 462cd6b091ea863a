"""The events of the benchmark."""

from collections import Counter
from datetime import datetime

import pytest

from streams.bench.latency import events_of_today
from streams.bench.leads import Leads
from streams.bench.workload import Event, lines
from streams.config.settings import instant
from streams.engine.calendars.calendar import DAY_MS, Calendar
from streams.gateway.records import Record, record

END = instant("2026-06-01T12:00:00Z", "END")
LEADS = Leads(seed=7, count=60, end=END, days=31)


def at(event: Event) -> int:
    """Give the milliseconds at which an event happens."""
    return round(datetime.fromisoformat(event["at"]).timestamp() * 1_000)


def test_each_lead_has_exactly_eight_events() -> None:
    counts = Counter(event["subject"] for event in LEADS.history())
    assert len(counts) == 60
    assert set(counts.values()) == {8}


def test_history_is_ordered_and_within_its_days() -> None:
    instants = [at(event) for event in LEADS.history()]
    assert instants == sorted(instants)
    assert instants[0] >= END - 31 * DAY_MS
    assert instants[-1] <= END


def test_lead_begins_when_it_says() -> None:
    created = {e["subject"]: at(e) for e in LEADS.history() if e["type"] == "lead.created"}
    assert created == {f"lead-7-{lead}": LEADS.begin(lead) for lead in range(1, 61)}


@pytest.mark.parametrize("now", [None, END])
def test_later_events_are_new_events_of_known_leads(now: int | None) -> None:
    later = list(LEADS.later_events(1, 200, now))
    known = {event["subject"]: event["id"] for event in LEADS.history()}
    assert {event["subject"] for event in later} <= known.keys()
    assert len({event["id"] for event in later} - set(known.values())) == 200


def test_later_events_of_two_seeds_are_different_ones() -> None:
    first, second = (
        {event["id"] for event in LEADS.later_events(seed, 50, END)} for seed in (1, 2)
    )
    assert not first & second


def test_late_event_happens_in_the_first_days_of_its_lead() -> None:
    for event in LEADS.later_events(1, 200):
        began = LEADS.begin(int(event["subject"].rpartition("-")[2]))
        assert began <= at(event) < began + 3 * DAY_MS


def test_all_events_are_accepted() -> None:
    sent = [*LEADS.history(), *LEADS.later_events(1, 50), *LEADS.later_events(2, 50, END)]
    assert all(isinstance(record(line.strip(), 1), Record) for line in lines(sent))


def test_events_at_a_steady_rate_all_happen_today() -> None:
    calendar = Calendar("UTC")
    events = events_of_today(seed=1, count=300, now=END, calendar=calendar)
    assert {calendar.day(at(event)) for event in events} == {calendar.day(END)}
    assert [at(event) for event in events] == sorted(at(event) for event in events)
