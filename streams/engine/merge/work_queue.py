"""What has to be read and written again, by window and scope, and what of it can wait."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiMask,
    MaskByScope,
    MaskByWindow,
)
from streams.engine.merge.state.priorities import MasksByPriority, Priorities

HIGHEST, LOWEST = Priority.FIRST, Priority.LATER


class WindowWork(NamedTuple):
    """The work of one window. It belongs to whoever receives it.

    `changed` are KPIs whose values have changed, `rewrite` are those whose records have to be
    written again for another reason. What `changed` reaches and is of a lower `priority` has to
    be left for a later round.
    """

    window: Window
    changed: MaskByScope
    rewrite: MaskByScope
    priority: Priority


class WorkQueue:
    """Work that waits for a round, each window of a scope once.

    Changed KPIs of one window and dimension that have one priority wait together: nothing of
    them is written before everything that has changed in them is read, for they have ranks.
    """

    def __init__(self, priorities: Priorities) -> None:
        self._priorities = priorities
        self._work = tuple(_Work() for _ in Priority)

    def __len__(self) -> int:
        """Number of windows of a scope; one with work of two priorities counts twice."""
        return sum(map(len, self._work))

    def waiting(self, priority: Priority) -> int:
        """How many of them wait with a priority."""
        return len(self._work[priority])

    def add(self, changed: MaskByWindow, rewrite: MaskByWindow, least: Priority = HIGHEST) -> None:
        """Add work; of `rewrite` none with a higher priority than `least`."""
        for window, scopes in changed.items():
            for priority, scope, mask in self._split(window, scopes):
                self._work[priority].add_changed(window, {scope: mask})
        for window, scopes in rewrite.items():
            for priority, scope, mask in self._split(window, scopes):
                self._work[max(priority, least)].add_rewrite(window, {scope: mask})

    def begin_day(self, today: int) -> None:
        """Let other windows be current, for what waits as well."""
        before, self._work = self._work, tuple(_Work() for _ in Priority)
        self._priorities.begin_day(today)
        for priority, work in zip(Priority, before, strict=True):
            self.add(work.changed, work.rewrite, priority)

    def next_batches(
        self, priority: Priority | None = None, max_scopes: int | None = None
    ) -> list[WindowWork]:
        """Remove and return the work of the next round, in the order in which it was added.

        All that comes first, and of `priority` the windows that wait longest until there are so
        many scopes (None: all), each with whatever has a higher priority in it. Everything if
        `priority` is None.
        """
        work, found = _Work(), dict[Window, Priority]()
        for each in Priority if priority is None else (HIGHEST,):
            self._work[each].move_to(work)
        if priority is not None and priority is not HIGHEST:
            moved = self._work[priority].move_to(work, max_scopes)
            for between in self._work[HIGHEST + 1 : priority]:
                between.move_windows(moved, work)
            found = dict.fromkeys(moved, priority)
        others = LOWEST if priority is None else HIGHEST
        return [
            WindowWork(
                window,
                work.changed.get(window, {}),
                work.rewrite.get(window, {}),
                found.get(window, others),
            )
            for window in {**work.changed, **work.rewrite}
        ]

    def _split(
        self, window: Window, scopes: MaskByScope
    ) -> Iterator[tuple[Priority, str, KpiMask]]:
        """A window's KPIs by priority and scope."""
        known: dict[str, MasksByPriority] = {}
        for scope, mask in scopes.items():
            dimension = scope.partition("=")[0]
            masks = known.get(dimension)
            if masks is None:
                masks = known[dimension] = self._priorities.of(dimension, window)
            for priority, own in zip(Priority, masks, strict=True):
                if part := mask & own:
                    yield priority, scope, part


class _Work:
    """Windows in which KPIs have changed, and records only to be written again."""

    __slots__ = ("_size", "changed", "rewrite")

    def __init__(self) -> None:
        self.changed: MaskByWindow = {}
        self.rewrite: MaskByWindow = {}
        # Kept, since it is asked for often, and years of history have thousands of windows.
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add_changed(self, window: Window, scopes: Mapping[str, KpiMask]) -> None:
        self._size += join(self.changed.setdefault(window, {}), scopes)

    def add_rewrite(self, window: Window, scopes: Mapping[str, KpiMask]) -> None:
        self._size += join(self.rewrite.setdefault(window, {}), scopes)

    def move_to(self, other: "_Work", limit: int | None = None) -> list[Window]:
        """Move windows in their order until they have so many scopes, or all; returns them."""
        moved: list[Window] = []
        left = len(self) if limit is None else limit
        for window in self._windows():
            if left <= 0:
                break
            moved.append(window)
            left -= len(self.changed.get(window, ())) + len(self.rewrite.get(window, ()))
        self.move_windows(moved, other)
        return moved

    def move_windows(self, windows: Iterable[Window], other: "_Work") -> None:
        for window in windows:
            if changed := self.changed.pop(window, None):
                other.add_changed(window, changed)
                self._size -= len(changed)
            if rewrite := self.rewrite.pop(window, None):
                other.add_rewrite(window, rewrite)
                self._size -= len(rewrite)

    def _windows(self) -> Iterator[Window]:
        yield from self.changed
        yield from (window for window in self.rewrite if window not in self.changed)


def join(into: MaskByScope, scopes: Mapping[str, KpiMask]) -> int:
    """Add the KPIs of other scopes, in place; returns how many scopes are new."""
    before = len(into)
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, NO_KPIS) | mask
    return len(into) - before
