"""Stages of deals and what moves them on, by hand."""

from typing import Any

import pytest

from tests.oracle import records
from tests.oracle.history.events import milliseconds
from tests.oracle.tests.stories import (
    NOW,
    activity,
    call,
    deal,
    event,
    rep,
    reported,
    values,
)

ORDER = ("contact", "offer", "contract")
MARCH = "month|2026-03-01T00:00:00+00:00"


def converted(events: list[dict[str, Any]], stages: tuple[str, ...] = ()) -> dict[str, Any]:
    """Give the hits and total of each stage."""
    found = records(events, now=milliseconds(NOW), stages=stages)
    return {
        record["scope"]["stage"]: (record["parts"]["hits"], record["parts"]["total"])
        for record in found.values()
        if record["kpi"] == "stage_conversion"
        and "stage" in record["scope"]
        and record["window"] == "month"
    }


def test_stage_converts_when_another_is_entered_after_it() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"stage": "offer"}),
        deal("2026-03-03T09:00:00Z", {"stage": "contact"}),
    ]
    assert converted(events) == {"offer": (1, 1), "contact": (0, 1)}


def test_where_the_order_of_stages_is_set_going_back_is_no_conversion() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"stage": "offer"}),
        deal("2026-03-03T09:00:00Z", {"stage": "contact"}),
        deal("2026-03-04T09:00:00Z", {"stage": "elsewhere"}),
    ]
    # A stage that the order lacks is later than none.
    assert converted(events, ORDER) == {
        "offer": (0, 1),
        "contact": (0, 1),
        "elsewhere": (0, 1),
    }


def test_all_stages_of_a_won_deal_convert() -> None:
    events = [
        deal("2026-03-02T09:00:00Z", {"stage": "offer"}),
        deal("2026-03-03T09:00:00Z", {"status": "won"}),
        deal("2026-03-03T09:00:00Z", {"deal": "d2", "stage": "offer"}),
    ]
    assert converted(events) == {"offer": (1, 2)}


def test_advance_rate_is_a_share_by_kind_of_activity() -> None:
    events = [
        rep("ann", "north"),
        activity("2026-03-01T09:00:00Z", "meeting"),
        activity("2026-03-05T09:00:00Z", "meeting"),
        activity("2026-03-01T10:00:00Z", "collateral"),
        call("2026-03-01T09:00:00Z"),
        call("2026-03-01T09:30:00Z", {"direction": "inbound"}),
        deal("2026-03-01T12:00:00Z", {"stage": "contact"}),
        deal("2026-03-04T09:00:00Z", {"stage": "offer"}),
        event(
            "call.ended", "rep:ann", "2026-03-01T09:00:00Z", {"rep": "ann", "direction": "outbound"}
        )
        | {"outcome": "busy"},
    ]
    found = reported(events)
    assert found[f"advance_rate|all|{MARCH}"]["parts"] == {
        "hits": 2,
        "total": 3,
        "by": {"call": {"hits": 1, "total": 1}, "meeting": {"hits": 1, "total": 2}},
    }
    assert found[f"advance_rate|team=north|{MARCH}"]["value"] == 2 / 3
    assert set(values(found, "advance_rate|rep=")) == set()


@pytest.mark.parametrize(
    ("won", "hits"),
    [
        ("2026-03-01T09:00:00Z", 0),
        ("2026-03-01T09:00:00.001Z", 1),
        ("2026-03-08T09:00:00Z", 1),
        ("2026-03-08T09:00:00.001Z", 0),
    ],
)
def test_win_counts_as_an_advance_for_seven_days(won: str, hits: int) -> None:
    events = [activity("2026-03-01T09:00:00Z", "presentation"), deal(won, {"status": "won"})]
    parts = reported(events)[f"advance_rate|all|{MARCH}"]["parts"]
    assert parts["by"] == {"presentation": {"hits": hits, "total": 1}}


def test_first_stage_of_a_deal_is_no_advance() -> None:
    events = [
        activity("2026-03-01T09:00:00Z", "meeting"),
        deal("2026-03-02T09:00:00Z", {"stage": "contact"}),
    ]
    assert reported(events)[f"advance_rate|all|{MARCH}"]["value"] == 0.0


ABCD = ("a", "b", "c", "d")


def entered(*stages: str, since: int = 1) -> list[dict[str, Any]]:
    """Let a deal enter stages, one a day from a day in March on."""
    return [
        deal(f"2026-03-0{day}T09:00:00Z", {"stage": stage})
        for day, stage in enumerate(stages, since)
    ]


def test_stage_converts_when_a_later_one_is_entered_again() -> None:
    assert converted(entered("c", "a", "c"), ABCD) == {"a": (1, 1), "c": (0, 1)}
    assert converted(entered("c", "a", "c")) == {"a": (0, 1), "c": (1, 1)}


@pytest.mark.parametrize(
    ("before", "after", "stages", "hits"),
    [
        (("a", "c"), "b", ABCD, 0),
        (("c", "a"), "c", ABCD, 1),
        (("c", "a"), "c", (), 0),
        (("a", "c"), "b", (), 1),
    ],
)
def test_advance_is_later_than_the_stage_just_left(
    before: tuple[str, ...], after: str, stages: tuple[str, ...], hits: int
) -> None:
    events = [*entered(*before), *entered(after, since=4)]
    events.append(activity("2026-03-03T09:00:00Z", "meeting"))
    found = records(events, now=milliseconds(NOW), stages=stages)
    parts = found[f"advance_rate|all|{MARCH}"]["parts"]
    assert (parts["hits"], parts["total"]) == (hits, 1)


def test_stage_named_again_is_no_new_entry() -> None:
    events = [*entered("a", "a"), activity("2026-03-01T12:00:00Z", "meeting")]
    assert reported(events)[f"advance_rate|all|{MARCH}"]["value"] == 0.0


def test_pipeline_of_its_own_has_its_own_order_and_probability() -> None:
    pipelines = {"renewals": {"stages": ["c", "b", "a"], "probability": {"a": "0.9"}}}
    priced = {"amount": "100", "currency": "EUR"}
    events = [
        deal("2026-03-01T09:00:00Z", {"stage": "c", "pipeline": "renewals"} | priced),
        deal("2026-03-02T09:00:00Z", {"stage": "a"}),
        deal("2026-03-01T09:00:00Z", {"deal": "d2", "stage": "c", "pipeline": "other"} | priced),
        deal("2026-03-02T09:00:00Z", {"deal": "d2", "stage": "a"}),
    ]
    general: dict[str, Any] = {"stages": ABCD, "stage_probability": {"a": "0.2"}}
    found = records(events, now=milliseconds(NOW), pipelines=pipelines, **general)
    conversion = f"stage_conversion|stage=c|{MARCH}"
    assert found[conversion]["parts"] == {"hits": 1, "total": 2}
    # 90.00 of the one and 20.00 of the other.
    assert found[f"pipeline_weighted|all|{MARCH}"]["value"] == "110.00"
    assert found[f"pipeline_amount|pipeline=renewals|{MARCH}"]["value"] == "100.00"
