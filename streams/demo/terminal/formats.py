"""Values as people read them: durations, money, shares, and which way they went."""

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
    return f"{briefly(found['p50'])} / {briefly(found['p90'])}"


def quantity(amount: float | str, unit: str) -> str:
    """Write one value in a published unit."""
    if unit == "ms":
        return duration(int(amount))
    if unit == "ratio":
        return f"{100 * float(amount):.1f} %"
    if unit.startswith("money:"):
        return f"{money(str(amount))} {unit.removeprefix('money:')[:3]}"
    return f"{amount:,}" if isinstance(amount, int) else f"{float(amount):.2f}"


def duration(ms: int) -> str:
    """Write milliseconds by their two largest units, such as `4 min 12 s`."""
    sign, left = ("-" if ms < 0 else ""), abs(ms)
    for (size, name), (lesser, lesser_name) in pairwise(UNITS):
        if left >= size:
            rest = left % size // lesser
            return f"{sign}{left // size} {name}" + (f" {rest} {lesser_name}" if rest else "")
    return f"{sign}{left // 1000} s"


def briefly(ms: int) -> str:
    """Write milliseconds by their largest unit alone, such as `1.3 h`."""
    for size, name in UNITS[:-1]:
        if abs(ms) >= size:
            return f"{ms / size:.1f} {name}" if abs(ms) < 10 * size else f"{ms / size:.0f} {name}"
    return f"{ms / 1000:.0f} s"


def money(amount: str) -> str:
    """Write a decimal text with thousands apart; from a thousand on without the minor units."""
    major, _, minor = amount.partition(".")
    digits = major.lstrip("-")
    return f"{int(major):,}" if len(digits) > 3 or not minor else f"{major}.{minor}"


def direction(record: Record | None) -> int:
    """Tell whether the value is above (1), below (-1) or at (0) the window before's."""
    if record is None or record["change"] is None:
        return 0
    change = float(record["change"])
    return (change > 0) - (change < 0)


def by_how_much(record: Record | None) -> str:
    """Write the change since the window before: points of a share, else per cent of it."""
    if record is None or not direction(record):
        return ""
    change = abs(float(record["change"]))
    if record["unit"] == "ratio":
        return f"{100 * change:.1f} pt"
    previous = abs(float(record["previous"]))
    if not previous:
        return "new"
    factor = 1 + change / previous
    if direction(record) > 0 and factor >= 10:
        return f"x {factor:.0f}"
    return f"{100 * change / previous:.0f} %"
