"""Records as they are published, and the law that order and copies do not matter."""

from datetime import date
from random import Random

import pytest

from tests.histories import disturbed, history
from tests.oracle import records
from tests.oracle.history.events import milliseconds
from tests.oracle.tests.stories import (
    call,
    deal,
    lead,
    reported,
)


def test_record_holds_all_its_fields_in_order() -> None:
    events = [lead("2026-03-02T05:45:00+03:30"), lead("2026-03-03T05:45:00Z")]
    events[1]["subject"] = "lead-2"
    now = milliseconds("2026-03-03T09:15:00.250Z")
    found = records(events, now=now, timezone="Asia/Tehran")
    record = found["lead_count|all|day|2026-03-03T00:00:00+03:30"]
    assert list(record.items()) == [
        ("kpi", "lead_count"),
        ("scope", {}),
        ("window", "day"),
        ("start", "2026-03-03T00:00:00+03:30"),
        ("end", "2026-03-04T00:00:00+03:30"),
        ("value", 1),
        ("unit", "count"),
        ("parts", {"count": 1}),
        ("previous", 1),
        ("change", 0),
        ("rank", None),
        ("target", None),
        ("attainment", None),
        ("final", False),
        ("expected", None),
        ("pace", None),
        ("projected", None),
        ("as_of", "2026-03-03T12:45:00.250+03:30"),
    ]


@pytest.mark.parametrize(
    ("now", "final"), [("2026-03-03T23:59:59.999Z", False), ("2026-03-04T00:00:00Z", True)]
)
def test_window_is_final_once_the_lateness_has_passed(now: str, final: bool) -> None:
    record = reported([lead("2026-03-02T09:00:00Z")], now)
    ended = record["lead_count|all|day|2026-03-02T00:00:00+00:00"]
    assert ended["final"] is final
    assert ended["as_of"] == "2026-03-03T00:00:00+00:00"


def test_fact_in_the_future_waits() -> None:
    events = [lead("2026-03-02T09:00:00Z")]
    assert reported(events, "2026-03-02T08:59:59.999Z") == {}
    assert reported(events, "2026-03-02T09:00:00Z") != {}


def test_fact_at_a_boundary_belongs_to_the_window_that_begins() -> None:
    found = reported([lead("2026-03-14T00:00:00Z")])
    last_7d = found["lead_count|all|last_7d|2026-03-14T00:00:00+00:00"]
    assert (last_7d["value"], last_7d["previous"]) == (1, 0)


def test_empty_dimension_is_no_scope() -> None:
    found = reported([lead("2026-03-02T09:00:00Z", {"channel": "", "media": "paid"})])
    scopes = {tuple(record["scope"].items()) for record in found.values()}
    assert scopes == {(), (("media", "paid"),)}


def test_mean_before_is_null_and_a_count_before_is_nothing() -> None:
    events = [lead("2026-03-02T09:00:00Z"), call("2026-03-02T09:00:01Z")]
    found = reported(events)
    day = "|all|day|2026-03-02T00:00:00+00:00"
    response, count = found[f"response_time{day}"], found[f"lead_count{day}"]
    assert (response["previous"], response["change"]) == (None, None)
    assert (count["previous"], count["change"]) == (0, 1)


def test_money_before_is_nothing_and_a_change_may_be_negative() -> None:
    won = {"status": "won", "currency": "EUR"}
    events = [
        deal("2026-03-02T09:00:00Z", won | {"amount": "200"}),
        deal("2026-03-03T09:00:00Z", won | {"amount": "199.5", "deal": "d2"}),
    ]
    found = reported(events)
    first = found["revenue_won|all|day|2026-03-02T00:00:00+00:00"]
    second = found["revenue_won|all|day|2026-03-03T00:00:00+00:00"]
    assert (first["previous"], first["change"]) == ("0.00", "200.00")
    assert (second["previous"], second["change"]) == ("200.00", "-0.50")


def test_later_version_of_an_event_stands() -> None:
    first = {**call("2026-03-02T09:00:00Z", {"outcome": "busy"}), "id": "c1"}
    second = {**call("2026-03-02T09:00:01Z"), "id": "c1"}
    for events in ([first, second], [second, first]):
        rate = reported(events)["connect_rate|all|day|2026-03-02T00:00:00+00:00"]
        assert rate["parts"] == {"hits": 1, "total": 1}


def test_percentiles_are_nearest_ranks() -> None:
    events = []
    for number in range(1, 6):
        created = lead("2026-03-02T09:00:00Z") | {"subject": f"lead-{number}"}
        touched = call(f"2026-03-02T09:0{number}:00Z") | {"subject": f"lead-{number}"}
        events += [created, touched]
    record = reported(events)["response_time|all|day|2026-03-02T00:00:00+00:00"]
    assert record["percentiles"] == {"p50": 180_000, "p90": 300_000}


def test_neither_order_nor_copies_matter() -> None:
    events = history(7, 400, start=date(2026, 1, 5), days=40, reps=5)
    now = milliseconds("2026-02-20T12:00:00Z")
    expected = records(events, now=now)
    assert records(disturbed(events, 1, duplicates=0.5, disorder=0.5), now=now) == expected
    shuffled = events * 2
    Random(3).shuffle(shuffled)
    assert records(shuffled, now=now) == expected
