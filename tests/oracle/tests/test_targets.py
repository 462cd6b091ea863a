"""Targets and the forecast, by hand."""

from typing import Any

import pytest

from tests.oracle import records
from tests.oracle.history.events import milliseconds
from tests.oracle.tests.stories import (
    NOW,
    call,
    deal,
    lead,
    reported,
    target,
    values,
)

MONTH = "month|2026-03-01T00:00:00+00:00"
PLAN = ("target", "attainment", "expected", "pace", "projected")
WON = {"status": "won", "amount": "150", "currency": "EUR"}
# Half of April has passed.
HALF = "2026-04-16T00:00:00Z"
APRIL = "month|2026-04-01T00:00:00+00:00"


def plan(record: dict[str, Any]) -> list[Any]:
    """Give what the record says of its target."""
    return [record[field] for field in PLAN]


def test_sum_is_expected_to_grow_with_the_window() -> None:
    events = [deal("2026-04-02T09:00:00Z", WON), target("revenue_won", "month", "400")]
    found = reported(events, HALF)
    assert plan(found[f"revenue_won|all|{APRIL}"]) == ["400.00", 0.375, "200.00", 0.75, "300.00"]


def test_count_is_expected_in_parts() -> None:
    events = [lead("2026-04-02T09:00:00Z"), target("lead_count", "month", "3")]
    found = reported(events, HALF)
    assert plan(found[f"lead_count|all|{APRIL}"]) == [3, 0.333333333333, 1.5, 0.666666666667, 2.0]


def test_rate_is_expected_as_a_whole_and_projected_as_it_is() -> None:
    events = [deal("2026-04-02T09:00:00Z", WON), target("close_rate", "month", "0.8")]
    found = reported(events, HALF)
    assert plan(found[f"close_rate|all|{APRIL}"]) == [0.8, 1.25, 0.8, 1.25, 1.0]


def test_lower_is_better_for_durations() -> None:
    events = [
        lead("2026-04-02T09:00:00Z"),
        call("2026-04-02T09:00:04Z"),
        target("response_time", "month", "1000"),
    ]
    found = reported(events, HALF)
    assert plan(found[f"response_time|all|{APRIL}"]) == [1000, 0.25, 1000, 0.25, 4000]


def test_target_of_its_own_window_goes_before_the_general_one() -> None:
    events = [
        lead("2026-02-02T09:00:00Z"),
        lead("2026-03-02T09:00:00Z") | {"subject": "lead-2"},
        target("lead_count", "month", "10"),
        target("lead_count", "month", "20", start="2026-03-15"),
    ]
    found = reported(events)
    assert found[f"lead_count|all|{MONTH}"]["target"] == 20
    assert found["lead_count|all|month|2026-02-01T00:00:00+00:00"]["target"] == 10


def test_window_with_a_target_of_its_own_exists_once_it_begins() -> None:
    events = [
        target("lead_count", "month", "20", start="2026-02-15", rep="ann"),
        target("lead_count", "month", "20", start="2026-04-01", rep="ann"),
    ]
    found = reported(events)
    key = "lead_count|rep=ann|month|2026-02-01T00:00:00+00:00"
    assert values(found, "lead_count|") == {key.removeprefix("lead_count|"): 0}
    assert found[key]["final"] is True


def test_general_target_makes_the_running_window_exist() -> None:
    found = reported([target("close_rate", "month", "0.5"), target("call_count", "last_7d", "5")])
    assert values(found, "close_rate|") == {f"all|{MONTH}": None}
    assert values(found, "call_count|") == {"all|last_7d|2026-03-14T00:00:00+00:00": 0}


@pytest.mark.parametrize(
    "unfit",
    [
        target("lead_count", "month", "1", stage="offer"),
        target("partner_quality", "month", "1"),
        target("forecast", "day", "1"),
        target("happiness", "day", "1"),
    ],
)
def test_target_that_no_record_can_have_makes_none(unfit: dict[str, Any]) -> None:
    assert reported([unfit]) == {}


def expected(name: str, amount: str, stage: str, close: str = "2026-03-25") -> dict[str, Any]:
    """Open a deal that should close on a day."""
    fields = {"deal": name, "amount": amount, "currency": "EUR", "stage": stage}
    return deal("2026-03-02T09:00:00Z", fields | {"expected_close": close})


def test_forecast_adds_what_open_deals_are_likely_to_bring() -> None:
    closed = [
        deal("2026-03-03T09:00:00Z", {"deal": "d1", "stage": "offer"} | WON),
        deal("2026-03-03T09:00:00Z", {"deal": "d2", "stage": "offer", "status": "lost"}),
        deal("2026-03-03T09:00:00Z", {"deal": "d3", "stage": "offer", "status": "lost"}),
    ]
    events = [
        *closed,
        expected("d4", "100", "offer"),
        expected("d5", "0.01", "offer"),
        expected("d6", "100", "offer", "2026-04-01"),
        expected("d7", "70", "talk"),
        expected("d8", "900", "unheard"),
    ]
    options: dict[str, Any] = {"forecast_floor": 3, "stage_probability": {"talk": "0.5"}}
    found = records(events, now=milliseconds(NOW), **options)
    march = found[f"forecast|all|{MONTH}"]
    # 150.00 won, a third of 100.01 (33.34 up from 33.3366...), half of 70.00.
    assert march["value"] == "218.34"
    assert march["parts"] == {
        "revenue_won": {"sum": 15000},
        "open": {
            "offer": {"sum": 10001, "count": 2, "won": 1, "closed": 3},
            "talk": {"sum": 7000, "count": 1, "won": 0, "closed": 0},
        },
    }
    assert set(values(found, "forecast|all|month")) == {march["start"].join(("|", ""))}


def test_stage_with_too_few_closed_deals_and_no_rate_of_its_own_is_left_out() -> None:
    closed = deal("2026-03-03T09:00:00Z", {"deal": "d1", "stage": "offer"} | WON)
    found = reported([closed, expected("d4", "100", "offer")])
    assert found[f"forecast|all|{MONTH}"]["value"] == "150.00"


def test_forecast_exists_where_there_is_a_target_for_wins() -> None:
    found = reported([target("revenue_won", "month", "500")])
    assert values(found, "forecast|") == {f"all|{MONTH}": "0.00"}


def test_forecast_is_held_against_the_whole_target_while_its_window_runs() -> None:
    aims = [target("forecast", "month", "300"), deal("2026-04-02T09:00:00Z", WON)]
    aims.append(target("forecast", "month", "200", start="2026-03-01"))
    found = reported(aims, HALF)
    assert plan(found[f"forecast|all|{APRIL}"]) == ["300.00", 0.5, "300.00", 0.5, "150.00"]
    assert f"forecast|all|{MONTH}" not in found


def test_deal_in_no_stage_is_no_deal_to_come() -> None:
    fields = {"amount": "100", "currency": "EUR", "expected_close": "2026-03-25"}
    assert not values(reported([deal("2026-03-02T09:00:00Z", fields)]), "forecast|")
