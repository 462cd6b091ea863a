"""Does work other than calls and emails help to win: by hand."""

import pytest

from tests.kpis.story import (
    activity,
    call,
    deal,
    deleted,
    lost,
    member,
    told,
    won,
)


def test_activities_are_counted_by_kind() -> None:
    found = told(
        activity("03-02 09:00", "meeting"),
        activity("03-03 09:00", "meeting", "lead-2"),
        activity("03-03 10:00", "meeting", rep="bob"),
        activity("03-04 09:00", "presentation"),
        activity("03-05 09:00", "social", "rep:ann"),
        activity("03-05 10:00", "social", "rep:ann"),
        activity("03-06 09:00", "prospecting", "rep:ann"),
        member("ann", team="north"),
    )
    assert (found["meetings"], found["presentations"], found["social_activity"]) == (3, 1, 2)
    assert (found["meetings", "rep=ann"], found["meetings", "rep=bob"]) == (2, 1)
    assert found["meetings", "team=north"] == 2
    assert found.parts("social_activity", "rep=ann") == {"count": 2}


def test_activity_without_a_rep_counts_for_all_only() -> None:
    assert told(activity("03-02 09:00", "meeting", rep="")).scopes("meetings") == {"all"}


def test_late_activity_counts_when_it_was() -> None:
    found = told(activity("03-19 09:00", "meeting"), activity("02-10 09:00", "meeting"))
    assert found["meetings", "all", "month", "2026-02"] == 1
    assert found["meetings"] == 1


def test_corrected_activity_is_of_its_last_kind() -> None:
    first = activity("03-02 09:00", "social")
    found = told(first, activity("03-02 09:30", "meeting") | {"id": first["id"]})
    assert found["meetings"] == 1
    assert "social_activity" not in found


def test_collateral_is_counted_by_asset() -> None:
    found = told(
        activity("03-02 09:00", "collateral", asset="price list"),
        activity("03-03 09:00", "collateral", asset="price list", rep="bob"),
        activity("03-04 09:00", "collateral", asset="film"),
        activity("03-05 09:00", "collateral"),
        activity("03-06 09:00", "collateral", asset=""),
        activity("03-07 09:00", "meeting", asset="film"),
    )
    assert found["collateral_use"] == 5
    assert found.parts("collateral_use") == {"film": 1, "price list": 2, "unknown": 2}
    assert found.parts("collateral_use", "rep=bob") == {"price list": 1}


def test_collateral_is_in_a_win_if_it_was_shown_before() -> None:
    found = told(
        activity("03-02 09:00", "collateral"),
        won("03-10 09:00"),
        # Shown in the instant of the win, to another, and something else than collateral.
        activity("03-10 09:00", "collateral", "lead-2"),
        won("03-10 09:00", "deal-2", subject="lead-2"),
        activity("03-02 09:00", "meeting", "lead-3"),
        won("03-10 09:00", "deal-3", subject="lead-3"),
        lost("03-10 09:00", "deal-4"),
    )
    assert found.parts("collateral_in_wins") == {"hits": 1, "total": 3}
    assert found["collateral_in_wins"] == 1 / 3


def test_late_collateral_is_in_the_win() -> None:
    found = told(won("03-10 09:00", rep="ann"), activity("02-10 09:00", "collateral", rep="bob"))
    # For the deal's rep, whoever showed it.
    assert found["collateral_in_wins", "rep=ann"] == 1.0
    assert ("collateral_in_wins", "rep=bob") not in found


DEAL = (
    deal("03-02 09:00", stage="discovery"),
    deal("03-09 09:00", stage="offer"),
    deal("03-18 09:00", status="won"),
)


@pytest.mark.parametrize(
    ("at", "hits"),
    [
        # The first stage is no later one than another.
        ("03-02 08:59:59", 0),
        # Seven days to the millisecond before the offer, and a little more.
        ("03-02 09:00", 1),
        ("2026-03-02T08:59:59.999Z", 0),
        ("2026-03-09T08:59:59.999Z", 1),
        # In the instant of the offer the win is next, nine days on.
        ("03-09 09:00", 0),
        ("03-11 09:00", 1),
        ("03-18 09:00", 0),
    ],
)
def test_call_advances_if_the_deal_goes_on_within_seven_days_after(at: str, hits: int) -> None:
    assert told(*DEAL, call(at)).parts("advance_rate")["hits"] == hits


def test_advance_rate_is_by_kind() -> None:
    found = told(
        *DEAL,
        call("03-03 09:00"),
        call("03-04 09:00", rep="bob"),
        call("03-09 10:00"),
        call("03-03 09:00", direction="inbound"),
        activity("03-10 09:00", "meeting"),
        activity("03-12 09:00", "presentation"),
        activity("03-12 10:00", "social"),
        member("ann", team="north"),
    )
    assert found.parts("advance_rate") == {
        "hits": 3,
        "total": 5,
        "by": {
            "call": {"hits": 2, "total": 3},
            "meeting": {"hits": 0, "total": 1},
            "presentation": {"hits": 1, "total": 1},
        },
    }
    assert found["advance_rate"] == 0.6
    # Of the team: all but Bob's call, which was followed.
    assert found["advance_rate", "team=north"] == 0.5
    assert found.scopes("advance_rate") == {"all", "team=north"}


def test_deal_that_falls_back_does_not_advance() -> None:
    fallen = (deal("03-02 09:00", stage="offer"), deal("03-05 09:00", stage="discovery"))
    ordered = told(*fallen, call("03-04 09:00"), stages=("discovery", "offer"))
    assert ordered["advance_rate"] == 0.0
    # Without an order another stage is a later one; one that the order lacks is later than none.
    assert told(*fallen, call("03-04 09:00"))["advance_rate"] == 1.0
    assert told(*fallen, call("03-04 09:00"), stages=("offer",))["advance_rate"] == 0.0


def test_deal_that_is_deleted_or_of_another_lead_advances_nothing() -> None:
    gone = told(*DEAL, call("03-03 09:00"), deleted("03-19 09:00"))
    assert gone["advance_rate"] == 0.0
    assert told(*DEAL, call("03-03 09:00", "lead-2"))["advance_rate"] == 0.0


def test_win_that_is_undone_advances_nothing() -> None:
    found = told(*DEAL, deal("03-19 09:00", status="open"), call("03-17 09:00"))
    assert found["advance_rate"] == 0.0


def test_efforts_without_a_lead_are_not_in_the_advance_rate() -> None:
    found = told(call("03-03 09:00", "rep:ann"), activity("03-03 09:00", "meeting", "rep:ann"))
    assert "advance_rate" not in found
    assert found["meetings"] == 1
