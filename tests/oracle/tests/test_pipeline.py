"""The pipeline's levels, by hand."""

import pytest

from tests.oracle.history.events import milliseconds
from tests.oracle.publishing.records import records
from tests.oracle.tests.stories import (
    NOW,
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


def test_deal_created_closed_leaves_its_two_steps() -> None:
    found = reported([deal("2026-03-02T09:00:00Z", OPENED | {"status": "won"})])
    assert found["pipeline_count|all|day|2026-03-02T00:00:00+00:00"]["value"] == 0


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
