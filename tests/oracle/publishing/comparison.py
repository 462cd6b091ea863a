"""Comparing a record of the oracle with one of the product."""

from collections.abc import Mapping
from math import isclose
from typing import Any

ADDED_BY_THE_PRODUCT = ("revision", "updated_at")
EXACT_BELOW_MS = 128
# Quotients of quotients: in what order they are divided decides their last digits.
PLAN_FIELDS = ("attainment", "expected", "pace", "projected")
LAST_DIGITS_OF = ("rrroi", "partner_quality", "delivery_sales_lag")
LAST_DIGITS = 2e-12
DRAWN = "forecast"


def difference(
    oracle_record: Mapping[str, Any] | None, actual_record: Mapping[str, Any] | None
) -> str | None:
    """Where two records differ, in words; None where they agree.

    Everything is exact, types of numbers included, but for this: percentiles may be off by 1 %,
    from 128 ms on; of the forecast they are drawn, and its parts by stage are the product's own;
    quotients of quotients may be off in their last digits. The order of fields is free, and
    `revision` and `updated_at` are the product's own. A record that is missing is passed as None.
    """
    if oracle_record is None or actual_record is None:
        if oracle_record is None and actual_record is None:
            return None
        missing = "the oracle has no such record" if oracle_record is None else "record is missing"
        return f"{missing}: {oracle_record or actual_record}"
    wanted, actual = compared(oracle_record), compared(actual_record)
    if actual.keys() != wanted.keys():
        return f"fields are {list(actual)}, not {list(wanted)}"
    is_loose = wanted["kpi"] in LAST_DIGITS_OF
    found = [
        f"{field} is {actual[field]!r}, not {expected!r}"
        for field, expected in wanted.items()
        if not agrees(field, expected, actual[field], is_loose=is_loose or field in PLAN_FIELDS)
    ]
    return "; ".join(found) or None


def compared(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that the contract decides."""
    found = {field: value for field, value in record.items() if field not in ADDED_BY_THE_PRODUCT}
    if record["kpi"] == DRAWN:
        found.pop("percentiles", None)
        found["parts"] = {"revenue_won": record["parts"]["revenue_won"]}
    return found


def agrees(field: str, expected: Any, actual: Any, *, is_loose: bool) -> bool:
    """Whether one field agrees, its type too: 300 is not 300.0, and 1 is not true."""
    if field == "percentiles":
        return list(expected) == list(actual) and all(
            is_near(expected[name], actual[name]) for name in expected
        )
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            agrees("", value, actual[name], is_loose=is_loose) for name, value in expected.items()
        )
    if is_loose and type(expected) is float and type(actual) is float:
        return isclose(expected, actual, rel_tol=LAST_DIGITS, abs_tol=LAST_DIGITS)
    return type(expected) is type(actual) and expected == actual


def is_near(expected: int | None, actual: Any) -> bool:
    """Whether it is within the error of a logarithmic bucket."""
    if expected is None or type(actual) is not int:
        return expected is None and actual is None
    if abs(expected) < EXACT_BELOW_MS:
        return actual == expected
    return 100 * abs(actual - expected) <= abs(expected)
