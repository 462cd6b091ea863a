"""What companies define for themselves, by hand."""

from datetime import date
from typing import Any

import pytest

from tests.oracle import records
from tests.oracle.history.events import milliseconds
from tests.oracle.history.windows import Calendar
from tests.oracle.tests.stories import (
    NOW,
    deal,
    event,
    lead,
    rate,
    rep,
    values,
)

EUR = {"currency": "EUR"}
WON = {"status": "won"}


def defined(events: list[dict[str, Any]], now: str = NOW, **chosen: str) -> dict[str, Any]:
    """Compute the records under some definitions."""
    return records(events, now=milliseconds(now), definitions=chosen)


def test_close_rate_by_creation_counts_in_the_month_of_the_deal_once_it_is_closed() -> None:
    events = [deal("2026-02-02T09:00:00Z", {}), deal("2026-03-03T09:00:00Z", WON)]
    months = values(defined(events, close_rate_by="creation"), "close_rate|all|month|")
    assert months == {"2026-02-01T00:00:00+00:00": 1.0}
    assert not values(defined(events, "2026-03-01T00:00:00Z", close_rate_by="creation"), "close_ra")


def test_close_rate_of_a_deal_that_has_no_rate_waits_for_its_end_too() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"amount": "5", "currency": "XOF"}),
        deal("2026-03-09T09:00:00Z", WON),
    ]
    key = "unpriced_facts|all|month|2026-03-01T00:00:00+00:00"
    before = defined(events, "2026-03-05T00:00:00Z", close_rate_by="creation")
    assert "close_rate_value" not in before[key]["parts"]["counts"]
    after = defined(events, close_rate_by="creation")
    assert after[key]["parts"]["counts"]["close_rate_value"] == 1


def test_first_win_stands_if_the_deal_is_won_now() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", WON),
        deal("2026-03-03T09:00:00Z", {"status": "open"}),
        deal("2026-03-04T09:00:00Z", WON),
    ]
    day = "deal_count|all|day|"
    assert set(values(defined(events), day)) == {"2026-03-04T00:00:00+00:00"}
    assert set(values(defined(events, win="first"), day)) == {"2026-03-02T00:00:00+00:00"}
    assert not values(defined(events[:2], win="first"), day)


def reps(found: dict[str, Any], kpi: str) -> dict[str, Any]:
    """Pick a KPI's values of March by rep."""
    month = "|month|2026-03-01T00:00:00+00:00"
    return {
        key.removesuffix(month): value
        for key, value in values(found, f"{kpi}|rep=").items()
        if key.endswith(month)
    }


def test_fact_belongs_to_the_rep_of_then() -> None:
    events = [
        lead("2026-03-01T09:00:00Z", {"rep": "ann"}),
        deal("2026-03-02T09:00:00Z", {}),
        deal("2026-03-03T09:00:00Z", {"rep": "bob"} | WON),
        deal("2026-03-04T09:00:00Z", {"rep": "cyd"}),
    ]
    found = defined(events, owner="event")
    assert reps(found, "deal_conversion") == {"ann": 1.0}
    assert reps(found, "deal_count") == {"bob": 1}
    assert reps(defined(events), "deal_count") == {"cyd": 1}


def test_fact_before_any_rep_was_named_belongs_to_the_present_one() -> None:
    events = [
        lead("2026-03-01T09:00:00Z"),
        event("lead.assigned", "lead-1", "2026-03-03T09:00:00Z", {"rep": "ann"}),
    ]
    assert reps(defined(events, owner="event"), "lead_count") == {"ann": 1}


def test_stock_is_handed_on_to_the_next_rep() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"rep": "ann", "amount": "10"} | EUR),
        deal("2026-03-04T09:00:00Z", {"rep": "bob"}),
    ]
    found = defined(events, owner="event")
    assert reps(found, "pipeline_amount") == {"ann": "0.00", "bob": "10.00"}
    second = found["pipeline_amount|rep=ann|day|2026-03-02T00:00:00+00:00"]
    assert second["value"] == "10.00"
    assert "pipeline_amount|all|day|2026-03-04T00:00:00+00:00" not in found


def test_money_of_a_closed_deal_is_converted_at_its_end() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"amount": "10", "currency": "USD"}),
        deal("2026-03-09T09:00:00Z", WON),
        rate("USD", "2026-03-01", "0.5"),
        rate("USD", "2026-03-09", "0.7"),
    ]
    key = "pipeline_created|all|month|2026-03-01T00:00:00+00:00"
    assert defined(events, conversion="event")[key]["value"] == "5.00"
    assert defined(events, conversion="close")[key]["value"] == "7.00"
    assert defined(events[:1] + events[2:], conversion="close")[key]["value"] == "5.00"


@pytest.mark.parametrize(("lost_amount", "lost"), [("latest", 100), ("open", 30000)])
def test_lost_deal_is_worth_what_it_was_while_open(lost_amount: str, lost: int) -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"amount": "300"} | EUR),
        deal("2026-03-03T09:00:00Z", {"status": "lost", "amount": "1"}),
    ]
    found = defined(events, lost_amount=lost_amount)
    parts = found["close_rate_value|all|month|2026-03-01T00:00:00+00:00"]["parts"]
    assert parts == {"numerator": 0, "denominator": lost}


def first_days(kind: str, first: date, number: int) -> list[str]:
    """Give the first days of so many windows of weeks, from a first one on."""
    calendar = Calendar("UTC", week_start=0, fiscal_start=1, fiscal_calendar="445")
    found = []
    for _ in range(number):
        found.append(first.isoformat())
        first = calendar.bounds(kind, first)[1]
    return found


def test_periods_of_4_4_and_5_weeks_begin_on_the_monday_nearest_to_new_year() -> None:
    # 1 January 2026 is a Thursday, and that year has 53 weeks.
    assert first_days("month", date(2025, 12, 29), 4) == [
        "2025-12-29",
        "2026-01-26",
        "2026-02-23",
        "2026-03-30",
    ]
    assert first_days("year", date(2025, 12, 29), 2) == ["2025-12-29", "2027-01-04"]
    assert first_days("quarter", date(2026, 9, 28), 2) == ["2026-09-28", "2027-01-04"]


def teams(found: dict[str, Any], kpi: str) -> dict[str, Any]:
    """Pick a KPI's values of March by team."""
    month = "|month|2026-03-01T00:00:00+00:00"
    return {
        key.removesuffix(month): value
        for key, value in values(found, f"{kpi}|team=").items()
        if key.endswith(month)
    }


def test_fact_belongs_to_the_team_of_then_and_a_level_moves_with_the_rep() -> None:
    events = [
        rep("ann", "north", "2026-03-02T00:00:00Z"),
        rep("ann", "south", "2026-03-05T00:00:00Z"),
        deal("2026-03-01T09:00:00Z", {"rep": "ann"} | WON | {"deal": "d1"}),
        deal("2026-03-06T09:00:00Z", {"rep": "ann"} | WON | {"deal": "d2"}),
        deal("2026-03-01T09:00:00Z", {"rep": "ann", "deal": "d3", "amount": "10"} | EUR),
    ]
    found = defined(events, organisation="event")
    assert teams(found, "deal_count") == {"north": 1, "south": 1}
    assert teams(found, "pipeline_amount") == {"north": "0.00", "south": "10.00"}
    then = found["pipeline_amount|team=north|day|2026-03-01T00:00:00+00:00"]
    assert then["value"] == "10.00"
    assert "pipeline_amount|rep=ann|day|2026-03-05T00:00:00+00:00" not in found
    assert teams(defined(events), "deal_count") == {"south": 2}


def test_record_of_a_rep_is_a_patch() -> None:
    desk = {"id": "desk", "type": "rep.set", "at": "2026-03-03T00:00:00Z", "rep": "ann"}
    events = [
        rep("ann", "north", "2026-03-02T00:00:00Z"),
        desk | {"department": "desk"},
        deal("2026-03-06T09:00:00Z", {"rep": "ann"} | WON),
    ]
    assert teams(defined(events), "deal_count") == {"north": 1}
    left = desk | {"id": "left", "at": "2026-03-04T00:00:00Z", "team": None}
    assert teams(defined([*events, left]), "deal_count") == {}
    assert values(defined([*events, left]), "deal_count|department=desk|month")
