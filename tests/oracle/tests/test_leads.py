"""Leads, by hand."""

import pytest

from tests.oracle.tests.stories import (
    call,
    deal,
    event,
    lead,
    rep,
    reported,
    values,
)

CREATED = "2026-03-02T09:00:00Z"
DAY = "|all|day|2026-03-02T00:00:00+00:00"


def test_response_time_is_the_first_human_touch_at_or_after_creation() -> None:
    events = [
        lead(CREATED, {"rep": "bob"}),
        call("2026-03-02T08:00:00Z"),
        call("2026-03-02T09:10:00Z", {"automated": True}),
        call("2026-03-02T09:20:00Z", {"direction": "inbound"}),
        call("2026-03-02T09:30:00Z"),
    ]
    found = reported(events)
    assert found[f"response_time{DAY}"]["value"] == 1_800_000
    assert found[f"response_time{DAY}"]["percentiles"] == {"p50": 1_800_000, "p90": 1_800_000}
    assert "response_time|rep=ann|day|2026-03-02T00:00:00+00:00" in found
    assert "response_time|rep=bob|day|2026-03-02T00:00:00+00:00" not in found
    assert found[f"followup_contacts{DAY}"]["value"] == 2.0
    assert found[f"single_touch_share{DAY}"]["value"] == 0.0


@pytest.mark.parametrize(
    ("touched", "share"), [("2026-03-02T10:00:00Z", 1.0), ("2026-03-02T10:00:00.001Z", 0.0)]
)
def test_answer_within_an_hour_includes_the_hour(touched: str, share: float) -> None:
    found = reported([lead(CREATED), call(touched)])
    assert found[f"response_within_hour{DAY}"]["value"] == share


def test_unanswered_lead_counts_only_when_the_hour_is_over() -> None:
    events = [lead(CREATED, {"rep": "bob"})]
    key = "response_within_hour|rep=bob|day|2026-03-02T00:00:00+00:00"
    assert key not in reported(events, "2026-03-02T10:00:00Z")
    found = reported(events, "2026-03-02T10:00:00.001Z")
    assert found[key]["parts"] == {"hits": 0, "total": 1}
    assert f"response_time{DAY}" not in found


def test_unanswered_leads_rise_after_an_hour_and_fall_when_touched() -> None:
    events = [lead(CREATED), call("2026-03-03T09:00:00Z")]
    level = "unanswered_leads|all|day|2026-03-0"
    assert values(reported(events, "2026-03-02T09:59:59Z"), level) == {}
    assert values(reported(events, "2026-03-02T10:00:00Z"), level) == {"2T00:00:00+00:00": 1}
    assert values(reported(events, "2026-03-05T00:00:00Z"), level) == {
        "2T00:00:00+00:00": 1,
        "3T00:00:00+00:00": 0,
        "5T00:00:00+00:00": 0,
    }


def test_lead_disqualified_within_the_hour_never_waits() -> None:
    disqualified = event("lead.disqualified", "lead-1", "2026-03-02T09:30:00Z")
    assert values(reported([lead(CREATED), disqualified]), "unanswered_leads") == {}


def test_lead_belongs_to_the_last_rep_named_and_to_that_reps_team_of_today() -> None:
    events = [
        lead(CREATED, {"rep": "ann"}),
        event("lead.assigned", "lead-1", "2026-03-02T10:00:00Z", {"rep": "bob"}),
        lead("2026-03-02T11:00:00Z", {"channel": "web"}),
        rep("bob", "south", "2026-01-01T00:00:00Z"),
        rep("bob", "north", "2026-03-10T00:00:00Z"),
    ]
    in_march = "|month|2026-03-01T00:00:00+00:00"
    counts = {
        key.removesuffix(in_march): value
        for key, value in values(reported(events), "lead_count|").items()
        if key.endswith(in_march)
    }
    assert counts == {"all": 1, "rep=bob": 1, "team=north": 1, "channel=web": 1}


def test_handover_rate_is_the_share_of_qualified_leads_handed_over() -> None:
    events = [
        lead(CREATED),
        event("lead.qualified", "lead-1", "2026-03-03T09:00:00Z"),
        event("lead.handed_over", "lead-1", "2026-03-04T09:00:00Z"),
        event("lead.created", "lead-2", CREATED),
        event("lead.qualified", "lead-2", "2026-03-03T10:00:00Z"),
        event("lead.qualified", "no-lead", "2026-03-03T10:00:00Z"),
    ]
    found = reported(events)
    assert found["handover_rate|all|day|2026-03-03T00:00:00+00:00"]["value"] == 0.5
    assert found["qualified_leads|all|day|2026-03-03T00:00:00+00:00"]["value"] == 2


def test_deal_without_a_rep_is_of_whom_its_subject_was_assigned_to() -> None:
    events = [
        event("lead.assigned", "lead-1", CREATED, {"rep": "ann"}),
        deal("2026-03-03T09:00:00Z", {"status": "won"}),
    ]
    found = reported(events)
    assert values(found, "deal_count|rep=ann|month")
    assert not values(found, "lead_count")


@pytest.mark.parametrize("given_back", [None, ""])
def test_lead_given_back_has_no_rep(given_back: str | None) -> None:
    events = [
        lead(CREATED, {"rep": "ann"}),
        event("lead.assigned", "lead-1", "2026-03-03T09:00:00Z", {"rep": given_back}),
    ]
    found = reported(events)
    assert values(found, "lead_count|all|month")
    assert not values(found, "lead_count|rep=")
    then = reported(events, "2026-03-02T12:00:00Z")
    assert values(then, "lead_count|rep=ann|month")
