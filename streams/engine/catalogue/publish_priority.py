"""What is published first where there is no time for everything: the one place that says it.

Each event changes ten windows of a dozen scopes, in dozens of KPIs. Nobody looks at most of them in
that second: people look at windows that run, of everybody, of a rep, a team or a channel.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final

from streams.engine.calendars.calendar import ROLLING_DAYS
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

GRAND_TOTAL: Final = ""
# The day before is still looked at in the morning, and late events are mostly of it.
CURRENT_DAYS: Final = 2


class Priority(IntEnum):
    """How soon a change is published under load. The last value always is."""

    FIRST = 0
    NEXT = 1
    LATER = 2


# Whether a KPI is derived, and expensive.
PriorityClass = tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class DimensionPriority:
    """What is looked at of one dimension.

    Attributes:
        first: Kinds of windows whose current one comes first.
        following: Kinds whose current one comes after that; all other windows come later.
        derived: When derived KPIs come, at the earliest: they change with each of their
            ingredients, and take longer to compute.
    """

    first: tuple[str, ...]
    following: tuple[str, ...]
    derived: Priority

    def of_window(self, kind: str, is_current: bool) -> Priority:
        """Priority of a window's KPIs."""
        if is_current and kind in self.first:
            return Priority.FIRST
        return Priority.NEXT if is_current and kind in self.following else Priority.LATER


TOTAL = DimensionPriority(
    ("day", "month"), ("hour", "week", "quarter", "year", *ROLLING_DAYS), Priority.NEXT
)
MEMBERS = DimensionPriority(("day",), ("week", "month"), Priority.LATER)
OTHERS = DimensionPriority((), ("day",), Priority.LATER)
DIMENSIONS: Mapping[str, DimensionPriority] = {
    GRAND_TOTAL: TOTAL,
    **dict.fromkeys(("rep", "team", "channel"), MEMBERS),
}


def is_current(day: int, today: int) -> bool:
    """Whether a day, or the day of an hour, is looked at."""
    return today - CURRENT_DAYS < day <= today


def kinds_of_first(dimensions: Iterable[str]) -> frozenset[str]:
    """Kinds of windows whose current ones come first in all dimensions in which any do."""
    kinds = [set(DIMENSIONS[each].first) for each in dimensions if each in DIMENSIONS]
    return frozenset(set.intersection(*kinds) if kinds else ())


def priority_class(kpi: Kpi | Derived) -> PriorityClass:
    """What of a KPI its priorities depend on: those of one class have the same in every window."""
    return isinstance(kpi, Derived), isinstance(kpi, Derived) and kpi.is_expensive


def priority_of(kpi: Kpi | Derived, dimension: str, kind: str, is_current: bool) -> Priority:
    """Priority of a KPI's records in the windows of a kind; `is_current` as of now."""
    order = DIMENSIONS.get(dimension, OTHERS)
    priority = order.of_window(kind, is_current)
    if not isinstance(kpi, Derived):
        return priority
    return Priority.LATER if kpi.is_expensive else max(priority, order.derived)


@cache
def priority_of_cell(dimension: str, is_hour: bool, is_current: bool) -> Priority:
    """Priority of a cell's partial aggregate; those of dimension values are many."""
    order = DIMENSIONS.get(dimension, OTHERS)
    priority = order.of_window("hour" if is_hour else "day", is_current)
    return priority if dimension == GRAND_TOTAL else Priority(min(priority + 1, Priority.LATER))
