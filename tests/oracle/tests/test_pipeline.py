"""The pipeline's levels, by hand."""

from typing import Any

import pytest

from tests.oracle.history.events import milliseconds
from tests.oracle.publishing.records import records
from tests.oracle.tests.stories import (
    NOW,
    call,
    deal,
    event,
    lead,
    reported,
    values,
)

OPENED = {"amount": "100", "currency": "EUR", "stage": "offer"}


def test_pipeline_is_what_was_open_at_the_end_of_each_window() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", OPENED),
        deal("2026-03-03T09:00:00Z", OPENED | {"deal": "d2"}),
        deal("2026-03-05T09:00:00Z", {"status": "lost"}),
    ]
    assert values(reported(events), "pipeline_amount|all|day|2026-03-") == {
        "02T00:00:00+00:00": "100.00",
        "03T00:00:00+00:00": "200.00",
        "05T00:00:00+00:00": "100.00",
        "20T00:00:00+00:00": "100.00",
    }
    last_7d = reported(events)["pipeline_count|stage=offer|last_7d|2026-03-14T00:00:00+00:00"]
    assert (last_7d["value"], last_7d["previous"], last_7d["change"]) == (1, 1, 0)


def test_deal_that_was_never_open_is_in_no_pipeline() -> None:
    found = reported([deal("2026-03-02T09:00:00Z", OPENED | {"status": "won"})])
    assert not [key for key in found if key.startswith(("pipeline_count", "pipeline_amount"))]


def test_weighted_pipeline_has_the_deals_probability_else_its_stages() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", OPENED | {"probability": 0.3}),
        deal("2026-03-02T09:00:00Z", OPENED | {"deal": "d2"}),
        deal("2026-03-02T09:00:00Z", OPENED | {"deal": "d3", "stage": "needs"}),
    ]
    found = records(events, now=milliseconds(NOW), stage_probability={"offer": "0.12345"})
    key = "pipeline_weighted|all|day|2026-03-02T00:00:00+00:00"
    assert found[key]["value"] == "42.35"


def test_deal_expires_when_its_expected_day_is_over() -> None:
    events = [deal("2026-03-02T09:00:00Z", OPENED | {"expected_close": "2026-03-04"})]
    key = "expired_pipeline|all|day|2026-03-05T00:00:00+00:00"
    assert not values(reported(events, "2026-03-04T23:59:59.999Z"), "expired_pipeline")
    assert reported(events, "2026-03-05T00:00:00Z")[key]["value"] == "100.00"


@pytest.mark.parametrize("closed", ["2026-03-04T23:59:59.999Z", "2026-03-05T00:00:00Z"])
def test_deal_closed_by_the_end_of_its_expected_day_never_expires(closed: str) -> None:
    opened = deal("2026-03-02T09:00:00Z", OPENED | {"expected_close": "2026-03-04"})
    won = deal(closed, {"status": "won"})
    assert not values(reported([opened, won]), "expired_pipeline")


def test_step_at_midnight_belongs_to_the_day_that_begins() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", OPENED),
        deal("2026-03-03T00:00:00Z", OPENED | {"deal": "d2"}),
    ]
    assert values(reported(events), "pipeline_count|all|day|2026-03-0") == {
        "2T00:00:00+00:00": 1,
        "3T00:00:00+00:00": 2,
    }


def test_open_deal_is_stale_30_days_after_the_last_event_of_its_subject() -> None:
    events = [lead("2026-01-01T09:00:00Z"), deal("2026-01-02T09:00:00Z", OPENED)]
    replied = event("email.replied", "lead-1", "2026-01-05T09:00:00Z", {"email": "m1"})
    stale = "stale_opportunities|all|day|2026-02-0"
    now = "2026-02-04T09:00:00Z"
    assert values(reported(events, now), stale) == {
        "1T00:00:00+00:00": 1,
        "4T00:00:00+00:00": 1,
    }
    assert values(reported([*events, replied], "2026-02-04T08:59:59Z"), stale) == {}
    assert values(reported([*events, replied], now), stale) == {"4T00:00:00+00:00": 1}


def test_stage_is_entered_once_per_deal() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"stage": "needs"}),
        deal("2026-03-03T09:00:00Z", {"stage": "offer"}),
        deal("2026-03-04T09:00:00Z", {"stage": "needs"}),
    ]
    entries = reported(events)["stage_entries|all|month|2026-03-01T00:00:00+00:00"]
    assert entries["parts"] == {"counts": {"needs": 1, "offer": 1}}


def in_berlin(events: list[dict[str, Any]], now: str) -> dict[str, Any]:
    """Compute the records in the zone of Berlin."""
    return records(events, now=milliseconds(now), timezone="Europe/Berlin")


def test_lost_deal_that_is_open_again_is_missing_from_the_pipeline_in_between() -> None:
    hundred = {"amount": "100.00", "currency": "EUR", "rep": "ann"}
    events = [
        deal("2026-09-01T09:00:00+02:00", hundred | {"status": "open"}),
        deal("2026-10-01T09:00:00+02:00", {"status": "lost"}),
        deal("2026-11-01T09:00:00+01:00", {"status": "open"}),
        deal("2026-10-05T09:00:00+02:00", hundred | {"deal": "d2", "amount": "7.00"}),
    ]
    found = in_berlin(events, "2026-12-05T12:00:00+01:00")
    october, november = "month|2026-10-01T00:00:00+02:00", "month|2026-11-01T00:00:00+01:00"
    assert found[f"pipeline_count|rep=ann|{october}"]["value"] == 1
    assert found[f"pipeline_amount|rep=ann|{october}"]["value"] == "7.00"
    assert found[f"pipeline_count|rep=ann|{november}"]["value"] == 2
    assert found[f"pipeline_amount|rep=ann|{november}"]["value"] == "107.00"


def test_raised_deal_that_moves_on_had_its_amount_and_stage_of_then() -> None:
    events = [
        deal("2026-10-20T09:00:00Z", {"stage": "discovery", "amount": "1000", "currency": "EUR"}),
        deal("2026-11-15T09:00:00Z", {"stage": "proposal", "amount": "5000"}),
    ]
    found = in_berlin(events, "2026-12-05T12:00:00+01:00")
    october, november = "month|2026-10-01T00:00:00+02:00", "month|2026-11-01T00:00:00+01:00"
    assert found[f"pipeline_amount|all|{october}"]["value"] == "1000.00"
    assert found[f"pipeline_amount|stage=discovery|{october}"]["value"] == "1000.00"
    assert f"pipeline_amount|stage=proposal|{october}" not in found
    assert found[f"pipeline_amount|all|{november}"]["change"] == "4000.00"
    assert found[f"pipeline_amount|stage=discovery|{november}"]["value"] == "0.00"
    assert found[f"pipeline_amount|stage=proposal|{november}"]["value"] == "5000.00"
    assert f"pipeline_count|all|{november}" not in found


def test_deal_whose_expected_day_is_moved_had_expired_until_then() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", OPENED | {"expected_close": "2026-03-04"}),
        deal("2026-03-07T09:00:00Z", {"expected_close": "2026-03-10"}),
    ]
    assert values(reported(events), "expired_pipeline|all|day|2026-03-") == {
        "05T00:00:00+00:00": "100.00",
        "07T00:00:00+00:00": "0.00",
        "11T00:00:00+00:00": "100.00",
        "20T00:00:00+00:00": "100.00",
    }


def test_open_deal_was_stale_until_its_subject_was_heard_of_again() -> None:
    events = [deal("2026-01-02T09:00:00Z", OPENED), call("2026-02-10T09:00:00Z")]
    assert values(reported(events), "stale_opportunities|all|day|") == {
        "2026-02-01T00:00:00+00:00": 1,
        "2026-02-10T00:00:00+00:00": 0,
        "2026-03-12T00:00:00+00:00": 1,
        "2026-03-20T00:00:00+00:00": 1,
    }


def test_amount_in_an_unknown_currency_is_unpriced_each_time_it_stands() -> None:
    euros = {"amount": "5", "currency": "EUR"}
    events = [
        deal("2026-03-02T09:00:00Z", {"amount": "5", "currency": "XOF"}),
        deal("2026-03-03T09:00:00Z", {"stage": "offer"}),
        deal("2026-03-04T09:00:00Z", euros),
        deal("2026-03-05T09:00:00Z", {"currency": None}),
    ]
    found = reported(events)
    day = "unpriced_facts|all|day|2026-03-0{}T00:00:00+00:00"
    assert found[day.format(2)]["parts"]["counts"]["pipeline_amount"] == 1
    assert day.format(3) not in found
    assert found[day.format(5)]["parts"]["counts"] == {"pipeline_amount": 1}
    assert values(found, "pipeline_amount|all|day|2026-03-0") == {
        "4T00:00:00+00:00": "5.00",
        "5T00:00:00+00:00": "0.00",
    }
