"""Orders, by hand."""

from typing import Any

import pytest

from tests.oracle.tests.stories import (
    account,
    event,
    reported,
    values,
)

MARCH = "month|2026-03-01T00:00:00+00:00"
DAY_MS = 86_400_000


def placed(order: str, at: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Let acme order something."""
    usual = {"order": order, "amount": "10", "currency": "EUR"}
    return event("order.placed", "acme", at, usual | (fields or {}))


def delivered(order: str, at: str) -> dict[str, Any]:
    """Deliver it."""
    return event("order.delivered", "acme", at, {"order": order})


@pytest.mark.parametrize(
    ("at", "share"), [("2026-03-05T23:59:59.999Z", 1.0), ("2026-03-06T00:00:00Z", 0.0)]
)
def test_delivery_is_on_time_until_the_promised_day_is_over(at: str, share: float) -> None:
    order = placed("o1", "2026-03-02T09:00:00Z", {"promised": "2026-03-05"})
    again = delivered("o1", "2026-03-09T09:00:00Z")
    record = reported([order, delivered("o1", at), again])[f"on_time_delivery|all|{MARCH}"]
    assert record["value"] == share


def test_orders_without_a_promise_or_cancelled_are_not_on_time_nor_late() -> None:
    events = [
        placed("o1", "2026-03-02T09:00:00Z"),
        delivered("o1", "2026-03-03T09:00:00Z"),
        placed("o2", "2026-03-02T09:00:00Z", {"promised": "2026-03-05"}),
        delivered("o2", "2026-03-03T09:00:00Z"),
        event("order.cancelled", "acme", "2026-03-09T09:00:00Z", {"order": "o2"}),
        delivered("o3", "2026-03-03T09:00:00Z"),
    ]
    assert not values(reported(events), "on_time_delivery")


def test_reorder_interval_is_the_gap_to_the_order_before() -> None:
    events = [
        placed("o1", "2026-03-01T09:00:00Z", {"product": "basic"}),
        placed("o2", "2026-03-03T09:00:00Z", {"product": "pro"}),
        placed("o3", "2026-03-09T09:00:00Z", {"product": "basic"}),
        placed("o4", "2026-03-10T09:00:00Z"),
    ]
    found = reported(events)
    overall = found[f"reorder_interval|all|{MARCH}"]
    assert overall["parts"] == {"sum": 9 * DAY_MS, "count": 3}
    assert overall["value"] == 3 * DAY_MS
    assert overall["percentiles"] == {"p50": 2 * DAY_MS, "p90": 6 * DAY_MS}
    assert found[f"reorder_interval|account=acme|{MARCH}"]["parts"] == overall["parts"]
    of_basic = found[f"reorder_interval|product=basic|{MARCH}"]
    assert of_basic["parts"] == {"sum": 8 * DAY_MS, "count": 1}
    assert not values(found, "reorder_interval|product=pro")


def test_gap_counts_at_the_later_order_and_not_across_accounts() -> None:
    other = placed("o1", "2026-03-05T09:00:00Z") | {"subject": "other"}
    events = [placed("o1", "2026-02-27T09:00:00Z"), placed("o2", "2026-03-04T09:00:00Z"), other]
    days = values(reported(events), "reorder_interval|all|day|")
    assert days == {"2026-03-04T00:00:00+00:00": 5 * DAY_MS}


def test_order_placed_again_after_it_was_cancelled_counts_since_then() -> None:
    cancelled = event("order.cancelled", "acme", "2026-03-03T09:00:00Z", {"order": "o2"})
    events = [
        placed("o1", "2026-03-01T09:00:00Z"),
        placed("o2", "2026-03-02T09:00:00Z"),
        cancelled,
        placed("o2", "2026-03-05T09:00:00Z"),
        placed("o2", "2026-03-07T09:00:00Z", {"product": "pro"}),
    ]
    days = values(reported(events), "reorder_interval|all|day|")
    assert days == {"2026-03-05T00:00:00+00:00": 4 * DAY_MS}


def test_changed_promise_is_kept_by_the_order_that_was_placed_first() -> None:
    events = [
        placed("o1", "2026-03-02T09:00:00Z", {"promised": "2026-03-05"}),
        placed("o1", "2026-03-04T09:00:00Z", {"promised": "2026-03-09"}),
        delivered("o1", "2026-03-08T09:00:00Z"),
        account("2026-01-01T00:00:00Z", {"rep": "bob"}),
    ]
    assert reported(events)[f"on_time_delivery|rep=bob|{MARCH}"]["value"] == 1.0
