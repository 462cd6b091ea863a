"""KPIs by priority, as masks, for the windows of a merger's day."""

from streams.engine.calendars.calendar import Calendar, Window
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.catalogue.publish_priority import (
    Priority,
    PriorityClass,
    is_current,
    priority_class,
    priority_of,
)
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiIndex,
    KpiMask,
)

ALL_KPIS = KpiMask(-1)
# KPIs of each priority, exclusive, in the order of priorities.
MasksByPriority = tuple[KpiMask, ...]


class Priorities:
    """Tells the priority of KPIs in a window of a dimension; `today` is a day number."""

    def __init__(self, index: KpiIndex, calendar: Calendar, today: int) -> None:
        self._alike = _alike(index)
        self._calendar = calendar
        self._masks: dict[tuple[str, str, bool], MasksByPriority] = {}
        self._running: set[Window] = set()
        self.begin_day(today)

    def begin_day(self, today: int) -> None:
        """Let other windows be current."""
        self._today = today
        self._running = {*self._calendar.windows_of(today), *self._calendar.rolling(today)}

    def of(self, dimension: str, window: Window) -> MasksByPriority:
        """KPIs of a dimension by their priority in a window."""
        at = dimension, window.kind, self._is_current(window)
        found = self._masks.get(at)
        if found is None:
            masks = [NO_KPIS for _ in Priority]
            for kpi, alike in self._alike:
                masks[priority_of(kpi, *at)] |= alike
            found = self._masks[at] = tuple(masks)
        return found

    def up_to(self, priority: Priority, dimension: str, window: Window) -> KpiMask:
        """KPIs of a dimension that have this priority in a window, or a higher one."""
        if priority is Priority.LATER:
            return ALL_KPIS
        mask = NO_KPIS
        for each in self.of(dimension, window)[: priority + 1]:
            mask |= each
        return mask

    def _is_current(self, window: Window) -> bool:
        if window.kind == "hour":
            return is_current(self._calendar.day(window.start), self._today)
        if window.kind == "day":
            return is_current(window.start, self._today)
        return window in self._running


def _alike(index: KpiIndex) -> list[tuple[Kpi | Derived, KpiMask]]:
    """One KPI of each priority class, with the class."""
    found: dict[PriorityClass, tuple[Kpi | Derived, KpiMask]] = {}
    for number, kpi in enumerate(index.kpis):
        its = priority_class(kpi)
        first, alike = found.get(its, (kpi, NO_KPIS))
        found[its] = first, alike | 1 << number
    return list(found.values())
