"""Values as text for people: durations, money, shares and changes."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

Record = Mapping[str, Any]
NOTHING = "–"
UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def value(record: Record | None) -> str:
    """Write a record's value with its unit; NOTHING where there is none."""
    if record is None or record["value"] is None:
        return NOTHING
    return quantity(record["value"], record["unit"])


def percentiles(record: Record | None) -> str:
    """Write the median and the ninetieth percentile."""
    if record is None or "percentiles" not in record:
        return NOTHING
    found = record["percentiles"]
    return f"{short_duration(found['p50'])} / {short_duration(found['p90'])}"


def quantity(amount: float | str, unit: str) -> str:
    """Write a value in a published unit."""
    if unit == "ms":
        return duration(int(amount))
    if unit == "ratio":
        return f"{100 * float(amount):.1f} %"
    if unit.startswith("money:"):
        return f"{money(str(amount))} {unit.removeprefix('money:')[:3]}"
    return f"{amount:,}" if isinstance(amount, int) else f"{float(amount):.2f}"


def duration(ms: int) -> str:
    """Write milliseconds by their two largest units, such as `4 min 12 s`."""
    sign, size_ms = ("-" if ms < 0 else ""), abs(ms)
    for (unit, name), (smaller, smaller_name) in pairwise(UNITS):
        if size_ms >= unit:
            rest = size_ms % unit // smaller
            return f"{sign}{size_ms // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{sign}{size_ms // 1000} s"


def short_duration(ms: int) -> str:
    """Write milliseconds in their largest unit alone, such as `1.3 h`."""
    for size, name in UNITS[:-1]:
        if abs(ms) >= size:
            return f"{ms / size:.1f} {name}" if abs(ms) < 10 * size else f"{ms / size:.0f} {name}"
    return f"{ms / 1000:.0f} s"


def money(amount: str) -> str:
    """Write a decimal text with thousands separators; from 1,000 on without minor units."""
    major, _, minor = amount.partition(".")
    digits = major.lstrip("-")
    return f"{int(major):,}" if len(digits) > 3 or not minor else f"{major}.{minor}"


def direction(record: Record | None) -> int:
    """Return 1, -1 or 0: the value is above, below or equal to that of the previous window."""
    if record is None or record["change"] is None:
        return 0
    difference = float(record["change"])
    return (difference > 0) - (difference < 0)


def change(record: Record | None) -> str:
    """Write the change since the previous window: points of a share, else per cent."""
    if record is None or not direction(record):
        return ""
    difference = abs(float(record["change"]))
    if record["unit"] == "ratio":
        return f"{100 * difference:.1f} pt"
    previous = abs(float(record["previous"]))
    if not previous:
        return "new"
    factor = 1 + difference / previous
    if direction(record) > 0 and factor >= 10:
        return f"x {factor:.0f}"
    return f"{100 * difference / previous:.0f} %"
