"""How delivery on time goes with later sales, by hand."""

from typing import Any

from tests.kpis.story import (
    Record,
    Said,
    Told,
    delivered,
    ordered,
    told,
    won,
)


def record(found: Told, *picked: str) -> Record:
    """Give a record that must be there."""
    there = found.record(*picked)
    assert there is not None
    return there


DELIVERIES = (
    ("2025-12-10", "2025-12-20", "0"),
    ("2026-01-10", "2026-01-05", "300"),
    ("2026-02-10", "2026-02-20", "100"),
    ("2026-03-10", "2026-03-05", "300"),
)


def lagging() -> list[Said]:
    """Every other month delivers on time, and the month after each of those sells less."""
    events = []
    for day, promised, amount in DELIVERIES:
        events += [
            ordered(f"{day}T08:00:00Z", day, promised=promised),
            delivered(f"{day}T09:00:00Z", day),
            won(f"{day}T10:00:00Z", day, amount),
        ]
    return events


def test_delivery_sales_lag_names_the_lag_that_correlates_most() -> None:
    found = told(*lagging())
    # Lag 1: on time 1, 0, 1 and 300, 100, 300 a month later. Lag 0: on time 1, 0, 1, 0 with 0,
    # 300, 100, 300: -250 / sqrt(1 x 67,500). Lag 2 has two pairs only.
    assert found["delivery_sales_lag"] == 1.0
    assert found.parts("delivery_sales_lag") == {
        "lag": 1,
        "correlations": {"0": -0.962250448649, "1": 1.0, "2": None, "3": None},
        "pairs": {"0": 4, "1": 3, "2": 2, "3": 1},
    }


def months(found: Told) -> list[str]:
    """Name the months with a delivery_sales_lag."""
    return sorted(r["start"][:7] for r in found.records if r["kpi"] == "delivery_sales_lag")


def test_delivery_sales_lag_lasts_24_months_and_not_beyond_the_running_one() -> None:
    events = [
        ordered("2024-02-10T08:00:00Z", "a", promised="2024-02-20"),
        delivered("2024-02-10T09:00:00Z", "a"),
    ]
    assert months(told(*events, now="2024-04-10T00:00:00Z")) == ["2024-02", "2024-03", "2024-04"]
    found = months(told(*events))
    assert (found[0], found[-1], len(found)) == ("2024-02", "2026-01", 24)


def test_months_that_are_all_alike_have_no_correlation() -> None:
    events: list[Any] = []
    for day in ("2025-12-10", "2026-01-10", "2026-02-10"):
        events += [
            ordered(f"{day}T08:00:00Z", day, promised="2026-12-31"),
            delivered(f"{day}T09:00:00Z", day),
            won(f"{day}T10:00:00Z", day, "100"),
        ]
    assert told(*events)["delivery_sales_lag"] is None
