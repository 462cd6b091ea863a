"""Patched fields, histories and ties: what stands of several events about the same thing."""

from itertools import permutations
from typing import Any

import pytest

from tests.kpis.story import (
    HOUR,
    Said,
    call,
    deal,
    deleted,
    email,
    invoice,
    lead,
    paid,
    said,
    told,
    won,
)


def as_of(event: Said, name: str) -> Said:
    """Give an event another id: ties of time are broken by it."""
    return event | {"id": name}


def test_field_not_named_stays_and_a_field_named_empty_is_cleared() -> None:
    opened = deal("03-10 09:00", amount="5", partner="alfa", stage="offer")
    unchanged = told(opened, deal("03-11 09:00", stage="contact"))
    assert unchanged["pipeline_amount", "partner=alfa"] == "5.00"
    cleared = told(opened, deal("03-11 09:00", partner=""))
    assert cleared.scopes("pipeline_amount") == {"all", "stage=offer"}


@pytest.mark.parametrize("field", ["rep", "channel", "partner", "product"])
def test_field_cleared_on_a_deal_is_its_leads_again(field: str) -> None:
    events = [
        lead("03-01 09:00", **{field: "from the lead"}),
        won("03-10 09:00", **{field: "its own"}),
    ]
    assert told(*events)["deal_count", f"{field}=its own"] == 1
    cleared = told(*events, deal("03-11 09:00", **{field: ""}))
    assert cleared.scopes("deal_count") == {"all", f"{field}=from the lead"}


@pytest.mark.parametrize("field", ["rep", "channel", "partner", "product", "pipeline"])
def test_field_null_is_known_no_more(field: str) -> None:
    cleared: dict[str, Any] = {field: None}
    events = [won("03-10 09:00", **{field: "x"}), deal("03-11 09:00", **cleared)]
    assert told(*events).scopes("deal_count") == {"all"}


def test_status_null_is_open_again() -> None:
    found = told(won("03-10 09:00"), deal("03-11 09:00", status=None))
    assert "deal_count" not in found
    assert found["pipeline_amount"] == "100.00"


def test_amount_and_currency_null_are_no_amount_and_no_price() -> None:
    assert "revenue_won" not in told(won("03-10 09:00"), deal("03-11 09:00", amount=None))
    unpriced = told(won("03-10 09:00"), deal("03-11 09:00", currency=None))
    assert unpriced["deal_count"] == 1
    assert unpriced.parts("unpriced_facts")["revenue_won"] == 1
    later = deal("03-12 09:00", amount="7")
    assert (
        told(won("03-10 09:00"), deal("03-11 09:00", amount=None), later)["revenue_won"] == "7.00"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([{"status": "open", "reason": "price"}, {"status": "lost"}], "unknown"),
        ([{"status": "lost", "reason": "price"}, {"status": "lost"}], "price"),
        ([{"status": "lost"}, {"reason": "price"}], "price"),
        ([{"status": "lost", "reason": "price"}, {"reason": None}], "unknown"),
        (
            [{"status": "lost", "reason": "price"}, {"status": "open"}, {"status": "lost"}],
            "unknown",
        ),
        ([{"status": "won", "reason": "price"}, {"status": "lost", "reason": "fit"}], "fit"),
    ],
)
def test_reason_of_a_loss_is_the_last_one_given_in_it(
    changes: list[dict[str, Any]], reason: str
) -> None:
    events = [deal(f"03-{10 + n} 09:00", **fields) for n, fields in enumerate(changes)]
    assert told(*events).parts("lost_reasons") == {reason: 1}


@pytest.mark.parametrize("nothing", [None, "", " "])
def test_field_null_or_empty_is_no_longer_known(nothing: str | None) -> None:
    events = [won("03-10 09:00", rep="ann"), deal("03-11 09:00", rep=nothing)]
    assert told(*events).scopes("deal_count") == {"all"}
    again = deal("03-12 09:00", rep="bob")
    assert told(*events, again).scopes("deal_count") == {"all", "rep=bob"}


def test_reason_cleared_is_unknown() -> None:
    events = [deal("03-10 09:00", status="lost", reason="price"), deal("03-11 09:00", reason="")]
    assert told(*events).parts("lost_reasons") == {"unknown": 1}


def test_amount_and_currency_are_patched_apart() -> None:
    found = told(
        deal("03-10 09:00", status="won", amount="5", currency="XOF"),
        said("deal.changed", "03-11 09:00", subject="lead-1", deal="deal-1", currency="EUR"),
    )
    assert found["revenue_won"] == "5.00"


# Of two events at one instant the one with the greater id comes later.
TIES: tuple[tuple[str, list[Said], str, Any], ...] = (
    (
        "a patch",
        [
            as_of(won("03-10 09:00", amount="1"), "a"),
            as_of(deal("03-10 09:00", amount="2"), "b"),
        ],
        "revenue_won",
        "2.00",
    ),
    (
        "a status",
        [
            as_of(won("03-10 09:00"), "b"),
            as_of(deal("03-10 09:00", status="open"), "a"),
        ],
        "deal_count",
        1,
    ),
    (
        "ids of digits are numbers",
        [
            as_of(won("03-10 09:00", amount="1"), "9"),
            as_of(deal("03-10 09:00", amount="2"), "10"),
        ],
        "revenue_won",
        "2.00",
    ),
    (
        "ids of digits come before others",
        [
            as_of(won("03-10 09:00", amount="1"), "a9"),
            as_of(deal("03-10 09:00", amount="2"), "10"),
        ],
        "revenue_won",
        "1.00",
    ),
    (
        "the sender's order comes before ids",
        [
            as_of(won("03-10 09:00", amount="1", seq=10), "a"),
            as_of(deal("03-10 09:00", amount="2", seq=9), "b"),
            as_of(deal("03-10 09:00", amount="3"), "c"),
        ],
        "revenue_won",
        "1.00",
    ),
    (
        "one id and another type is another event",
        [
            as_of(won("03-10 09:00", amount="1"), "a"),
            as_of(lead("03-10 09:00", partner="alfa"), "a"),
            as_of(call("03-10 09:00"), "a"),
        ],
        "revenue_won",
        "1.00",
    ),
    (
        "of one event with one instant the greater seq stands",
        [
            as_of(won("03-10 09:00", amount="1", seq=2), "a"),
            as_of(won("03-10 09:00", amount="9", seq=1), "a"),
        ],
        "revenue_won",
        "1.00",
    ),
    (
        "a fraction of a millisecond is no difference",
        [
            as_of(won("2026-03-10T09:00:00.0001Z", amount="1"), "b"),
            as_of(deal("2026-03-10T09:00:00.0009Z", amount="2"), "a"),
        ],
        "revenue_won",
        "1.00",
    ),
    (
        "an invoice issued twice",
        [
            as_of(invoice("03-10 09:00", "1", due="03-31"), "a"),
            as_of(invoice("03-10 09:00", "2", due="03-31"), "b"),
        ],
        "receivables",
        "2.00",
    ),
    (
        "an email sent twice",
        [as_of(email("03-10 09:00", links=1), "a"), as_of(email("03-10 09:00", links=0), "b")],
        "email_link_share",
        0.0,
    ),
    (
        "the same id at the same instant: the greater bytes",
        [
            as_of(won("03-10 09:00", amount="1"), "a"),
            as_of(won("03-10 09:00", amount="2"), "a"),
        ],
        "revenue_won",
        "2.00",
    ),
)


@pytest.mark.parametrize(
    ("events", "kpi", "value"), [tie[1:] for tie in TIES], ids=[tie[0] for tie in TIES]
)
def test_tie_is_broken_the_same_way_in_any_order(events: list[Said], kpi: str, value: Any) -> None:
    for order in permutations(events):
        assert told(*order)[kpi] == value


def test_deletion_at_the_instant_of_the_last_change_is_later_by_its_id() -> None:
    change = as_of(won("03-10 09:00"), "b")
    assert told(change, as_of(deleted("03-10 09:00"), "c")).records == []
    assert told(change, as_of(deleted("03-10 09:00"), "a"))["deal_count"] == 1


def test_lead_is_the_reps_who_had_it_last_and_nobodys_when_it_was_given_back() -> None:
    assigned = [
        said("lead.assigned", "03-11 09:00", subject="lead-1", rep="bob"),
        said("lead.assigned", "03-12 09:00", subject="lead-1", rep=""),
        lead("03-13 09:00", rep="cyd"),
        lead("03-14 09:00"),
    ]
    found = told(lead("03-10 09:00", rep="ann"), *assigned)
    assert found.scopes("lead_count") == {"all", "rep=cyd"}
    assert told(lead("03-10 09:00", rep="ann"), *assigned[:2]).scopes("lead_count") == {"all"}


def test_rep_who_qualifies_a_lead_does_not_get_it() -> None:
    qualified = said("lead.qualified", "03-12 09:00", subject="lead-1", rep="bob")
    found = told(lead("03-10 09:00", rep="ann"), qualified)
    assert found.scopes("qualified_leads") == {"all", "rep=ann"}


def test_payment_before_the_issue_counts_towards_it() -> None:
    found = told(paid("03-05 09:00", "300"), invoice("03-10 09:00", "1000", due="03-31"))
    assert found["receivables", "all", "day", "2026-03-05"] == "-300.00"
    assert found["receivables"] == "700.00"


def test_merely_repeated_touch_is_one_touch() -> None:
    events = [lead("03-10 09:00"), call("03-10 10:00"), call("03-10 10:00")]
    found = told(*events)
    assert found.parts("followup_contacts") == {"sum": 1, "count": 1}
    assert found["response_time"] == HOUR
