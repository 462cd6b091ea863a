"""What the comparer lets pass, and what not."""

from typing import Any

import pytest

from tests.oracle import difference

EXPECTED = {"kpi": "response_time", "value": 1000, "percentiles": {"p50": 1000, "p90": 127}}


def actual(changes: dict[str, Any]) -> dict[str, Any]:
    """A record as the product publishes it, differing in some fields."""
    return {**EXPECTED, **changes, "revision": 3, "updated_at": "2026-03-02T00:00:00+00:00"}


@pytest.mark.parametrize(
    "percentiles", [{"p50": 1000, "p90": 127}, {"p50": 990, "p90": 127}, {"p50": 1010, "p90": 127}]
)
def test_percentiles_may_be_off_by_a_hundredth(percentiles: dict[str, int]) -> None:
    assert difference(EXPECTED, actual({"percentiles": percentiles})) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 1001},
        {"value": 1000.0},
        {"value": None},
        {"percentiles": {"p50": 1011, "p90": 127}},
        {"percentiles": {"p50": 1000, "p90": 128}},
        {"percentiles": {"p50": 1000}},
        {"more": 1},
    ],
)
def test_everything_else_is_a_difference(changes: dict[str, Any]) -> None:
    assert difference(EXPECTED, actual(changes)) is not None


def test_missing_record_is_a_difference_on_either_side() -> None:
    assert difference(EXPECTED, None) is not None
    assert difference(None, actual({})) is not None


def test_last_digits_of_a_plan_may_differ_and_those_of_a_value_may_not() -> None:
    expected = {"kpi": "close_rate", "value": 0.1, "pace": 0.1}
    assert difference(expected, expected | {"pace": 0.1 + 1e-12}) is None
    assert difference(expected, expected | {"pace": 0.1 + 1e-11}) is not None
    assert difference(expected, expected | {"value": 0.1 + 1e-16 * 2}) is not None


def test_percentiles_of_the_forecast_are_drawn_and_not_compared() -> None:
    parts = {"revenue_won": {"sum": 100}}
    expected = {"kpi": "forecast", "value": "1.00", "parts": parts}
    assert difference(expected, expected | {"percentiles": {"p10": "0.50"}}) is None
    assert difference(expected, expected | {"parts": parts | {"open": {}}}) is None
    assert difference(expected, expected | {"drawn": {}}) is not None
    assert difference(expected, expected | {"parts": {"revenue_won": {"sum": 1}}}) is not None
