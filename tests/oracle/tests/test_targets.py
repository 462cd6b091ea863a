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
AIMS = (("3999", "ann"), ("4000", "bob"))
ANN = {"rep": "ann", "amount": "1200", "currency": "EUR", "status": "won"}
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


def test_general_target_makes_all_windows_since_it_was_set_exist() -> None:
    found = reported([target("close_rate", "month", "0.5"), target("call_count", "last_7d", "5")])
    assert values(found, "close_rate|") == {
        "all|month|2026-01-01T00:00:00+00:00": None,
        "all|month|2026-02-01T00:00:00+00:00": None,
        f"all|{MONTH}": None,
    }
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
    assert march["parts"]["revenue_won"] == {"sum": 15000}
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


def test_deal_in_no_stage_has_its_own_probability_or_adds_nothing() -> None:
    fields = {"amount": "100", "currency": "EUR", "expected_close": "2026-03-25"}
    for probability, value in ((None, "0.00"), (0.4, "40.00")):
        events = [deal("2026-03-02T09:00:00Z", fields | {"probability": probability})]
        assert reported(events)[f"forecast|all|{MONTH}"]["value"] == value


def test_deal_has_its_own_probability_in_the_forecast_where_its_stage_has_too_few() -> None:
    events = [
        expected("d4", "100", "talk") | {"probability": 0.25},
        expected("d5", "100", "talk"),
        expected("d6", "100", "unheard") | {"probability": 0.333},
    ]
    options: dict[str, Any] = {"stage_probability": {"talk": "0.5"}}
    found = records(events, now=milliseconds(NOW), **options)
    # 25.00, 50.00 and 33.30.
    assert found[f"forecast|all|{MONTH}"]["value"] == "108.30"


@pytest.mark.parametrize("now", ["2026-06-01T12:00:00Z", "2027-06-01T12:00:00Z"])
def test_target_without_a_start_stands_in_windows_in_which_nothing_happened(now: str) -> None:
    events = [deal("2026-03-02T09:00:00Z", ANN), target("revenue_won", "month", "1000", rep="ann")]
    found = reported(events, now)
    key = "revenue_won|rep=ann|month|2026-0{}-01T00:00:00+00:00"
    may = found[key.format(5)]
    assert (may["value"], may["target"], may["met"]) == ("0.00", "1000.00", False)
    assert found[key.format(3)]["met"] is True
    assert key.replace("2026-0{}", "2025-12") not in found


def test_target_is_met_by_what_does_not_exceed_it_where_lower_is_better() -> None:
    aims = [target("response_time", "month", value, rep=rep) for value, rep in AIMS]
    answers = [
        event
        for number, (_, rep) in enumerate(AIMS)
        for event in (
            lead("2026-03-02T09:00:00Z") | {"subject": f"lead-{number}"},
            call("2026-03-02T09:00:04Z", {"rep": rep}) | {"subject": f"lead-{number}"},
        )
    ]
    found = reported([*aims, *answers])
    met = [found[f"response_time|rep={rep}|{MONTH}"]["met"] for _, rep in AIMS]
    assert met == [False, True]
    assert found[f"response_time|all|{MONTH}"]["met"] is None


def test_running_window_is_compared_with_as_many_days_of_the_one_before() -> None:
    events = [
        lead(f"2026-{at}T09:00:00Z") | {"subject": at}
        for at in ("02-01", "02-20", "02-21", "02-28", "03-01", "03-20")
    ]
    found = reported(events, "2026-03-20T12:00:00Z")
    march = found[f"lead_count|all|{MONTH}"]
    assert (march["previous"], march["previous_to_date"], march["change_to_date"]) == (4, 2, 0)
    day = found["lead_count|all|day|2026-03-20T00:00:00+00:00"]
    assert (day["previous_to_date"], day["change_to_date"]) == (None, None)
    ended = found["lead_count|all|month|2026-02-01T00:00:00+00:00"]
    assert (ended["previous_to_date"], ended["change_to_date"]) == (None, None)


def test_more_days_than_the_month_before_has_are_all_of_it() -> None:
    events = [lead(f"2026-{at}T09:00:00Z") | {"subject": at} for at in ("02-28", "03-01", "03-30")]
    march = reported(events, "2026-03-30T12:00:00Z")[f"lead_count|all|{MONTH}"]
    assert (march["value"], march["previous_to_date"]) == (2, 1)


def test_level_is_compared_with_what_it_was_at_the_end_of_the_same_day() -> None:
    events = [
        deal("2026-02-10T09:00:00Z", {}),
        deal("2026-02-25T09:00:00Z", {"deal": "d2"}),
        deal("2026-03-01T09:00:00Z", {"deal": "d3"}),
    ]
    march = reported(events)[f"pipeline_count|all|{MONTH}"]
    assert (march["previous"], march["previous_to_date"], march["change_to_date"]) == (2, 1, 2)


def test_target_of_the_future_does_not_exist_yet() -> None:
    aim = target("revenue_won", "month", "1000", start="2026-01-05")
    assert reported([aim], "2025-12-31T23:59:59Z") == {}
