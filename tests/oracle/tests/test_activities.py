"""Work other than calls and emails, by hand."""

from tests.oracle.tests.stories import (
    activity,
    deal,
    event,
    reported,
    values,
)

DAY = "|all|day|2026-03-02T00:00:00+00:00"
AT = "2026-03-02T09:00:00Z"


def test_activities_count_by_their_kind() -> None:
    events = [
        activity(AT, "meeting"),
        activity("2026-03-02T10:00:00Z", "meeting"),
        activity(AT, "presentation"),
        activity(AT, "social"),
    ]
    found = reported(events)
    counted = [found[f"{kpi}{DAY}"]["value"] for kpi in ("meetings", "presentations")]
    assert counted == [2, 1]
    assert found["social_activity|rep=ann|day|2026-03-02T00:00:00+00:00"]["value"] == 1


def test_collateral_counts_by_asset() -> None:
    events = [activity(AT, "collateral", {"asset": "video"}), activity(AT, "collateral")]
    use = reported(events)[f"collateral_use{DAY}"]
    assert use["parts"] == {"counts": {"video": 1, "unknown": 1}}
    assert use["value"] == 2


def test_only_collateral_before_the_win_had_a_share_in_it() -> None:
    events = [
        activity(AT, "collateral"),
        deal(AT, {"status": "won"}),
        deal("2026-03-02T09:00:00.001Z", {"deal": "d2", "status": "won"}),
        event("deal.changed", "d3", AT, {"deal": "d3", "status": "won"}),
    ]
    assert reported(events)[f"collateral_in_wins{DAY}"]["parts"] == {"hits": 1, "total": 3}


def test_response_rate_adds_up_outreach_and_responses() -> None:
    web = {"channel": "web"}
    events = [
        activity(AT, "prospecting", web | {"outreach": 6, "responses": 1}),
        activity(AT, "prospecting", web | {"outreach": 2}),
        activity(AT, "prospecting", {"responses": 1}),
        activity(AT, "prospecting", web | {"hours": "1"}),
        activity(AT, "meeting", web | {"outreach": 50}),
    ]
    found = reported(events)
    assert found[f"response_rate{DAY}"]["parts"] == {"hits": 2, "total": 8}
    assert found[f"response_rate{DAY}"]["value"] == 0.25
    of_channel = found["response_rate|channel=web|day|2026-03-02T00:00:00+00:00"]
    assert of_channel["parts"] == {"hits": 1, "total": 8}


def test_responses_to_no_outreach_are_no_rate() -> None:
    record = reported([activity(AT, "prospecting", {"responses": 1})])[f"response_rate{DAY}"]
    assert (record["value"], record["parts"]) == (None, {"hits": 1, "total": 0})


def test_hours_of_prospecting_are_whole_milliseconds_half_up() -> None:
    events = [
        activity(AT, "prospecting", {"hours": "1.5"}),
        activity("2026-03-03T09:00:00Z", "prospecting", {"hours": "0.00000013888888"}),
        activity("2026-03-04T09:00:00Z", "prospecting", {"hours": "0.000000139"}),
    ]
    assert values(reported(events), "prospecting_hours|all|day|2026-03-") == {
        "02T00:00:00+00:00": 5_400_000,
        "03T00:00:00+00:00": 0,
        "04T00:00:00+00:00": 1,
    }
