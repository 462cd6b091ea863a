"""Is what was promised kept: by hand."""

import pytest

from tests.kpis.story import (
    account,
    delivered,
    ordered,
    told,
)

PROMISED = "2026-03-10"


@pytest.mark.parametrize(
    ("at", "in_utc", "in_tehran"),
    [
        ("03-09 09:00", 1, 1),
        # The 10th ends at 20:30 UTC in Tehran.
        ("2026-03-10T20:29:59.999Z", 1, 1),
        ("2026-03-10T20:30:00Z", 1, 0),
        ("2026-03-10T23:59:59.999Z", 1, 0),
        ("03-11 00:00", 0, 0),
    ],
)
def test_delivery_is_on_time_until_the_promised_day_ends_where_the_firm_reports(
    at: str, in_utc: int, in_tehran: int
) -> None:
    events = ordered("03-02 09:00", promised=PROMISED), delivered(at)
    assert told(*events).parts("on_time_delivery") == {"hits": in_utc, "total": 1}
    found = told(*events, timezone="Asia/Tehran")
    # March begins on the 1st in Tehran, too.
    assert [
        record["parts"]["hits"]
        for record in found.records
        if (record["kpi"], record["window"]) == ("on_time_delivery", "month")
    ] == [in_tehran]


def test_delivery_counts_for_rep_and_product_on_the_day_it_arrives() -> None:
    found = told(
        ordered("02-02 09:00", promised=PROMISED, rep="ann", product="basic"),
        delivered("03-09 09:00"),
        ordered("02-02 09:00", "order-2", promised="2026-02-20", rep="ann"),
        delivered("03-09 10:00", "order-2"),
    )
    assert found["on_time_delivery"] == found["on_time_delivery", "rep=ann"] == 0.5
    assert found["on_time_delivery", "product=basic"] == 1.0
    assert found["on_time_delivery", "all", "day", "2026-03-09"] == 0.5


def test_order_without_promise_delivery_or_place_is_not_counted() -> None:
    found = told(
        ordered("03-02 09:00"),
        delivered("03-09 09:00"),
        ordered("03-02 09:00", "order-2", promised=PROMISED),
        delivered("03-09 09:00", "order-3"),
    )
    assert "on_time_delivery" not in found


def test_cancelled_order_is_counted_nowhere() -> None:
    found = told(
        ordered("03-02 09:00", promised=PROMISED),
        delivered("03-09 09:00"),
        delivered("03-10 09:00", what="cancelled"),
    )
    assert "on_time_delivery" not in found


def test_order_placed_again_after_its_cancellation_has_the_promise_made_since() -> None:
    found = told(
        ordered("03-02 09:00", promised=PROMISED),
        delivered("03-03 09:00", what="cancelled"),
        ordered("03-04 09:00", promised="2026-03-14"),
        delivered("03-13 09:00"),
    )
    assert found.parts("on_time_delivery") == {"hits": 1, "total": 1}


def test_order_without_a_rep_is_its_accounts() -> None:
    found = told(
        account(rep="bob"),
        ordered("03-02 09:00", promised=PROMISED),
        delivered("03-09 09:00"),
        ordered("03-02 09:00", "order-2", promised=PROMISED, rep="ann"),
        delivered("03-11 09:00", "order-2"),
    )
    assert found["on_time_delivery", "rep=bob"] == 1.0
    assert found["on_time_delivery", "rep=ann"] == 0.0


def test_first_delivery_and_last_promise_count() -> None:
    found = told(
        delivered("03-12 09:00"),
        delivered("03-09 09:00"),
        ordered("03-02 09:00", promised=PROMISED),
        ordered("03-03 09:00", promised="2026-03-08"),
    )
    assert found.parts("on_time_delivery", "all", "day", "2026-03-09") == {"hits": 0, "total": 1}
