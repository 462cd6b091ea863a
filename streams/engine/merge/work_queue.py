"""What has to be read and written again, by window and scope, and what of it can wait."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.engine.calendars.calendar import Window
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiMask,
    MaskByScope,
    MaskByWindow,
)

# Every change of a day changes these, too: written with each of them, they are most of the work.
LONG_WINDOW_KINDS = {
    "week",
    "month",
    "quarter",
    "year",
    "last_7d",
    "last_15d",
    "last_30d",
    "last_90d",
}


class WindowWork(NamedTuple):
    """The work of one window. It belongs to whoever receives it.

    `changed` are KPIs whose values have changed, `rewrite` are those whose records have to be
    written again for another reason. `deferred` KPIs have to be left for a later round.
    """

    window: Window
    changed: MaskByScope
    rewrite: MaskByScope
    deferred: KpiMask


class WorkQueue:
    """Work that waits for a round, each window of a scope once.

    Long windows of dimension values and expensive KPIs are kept apart, to be read less often.
    `expensive` are the latter.
    """

    def __init__(self, expensive: KpiMask) -> None:
        self._expensive_kpis = expensive
        self._next = _Work()
        self._long_windows = _Work()
        self._expensive = _Work()

    def __len__(self) -> int:
        """Number of windows of a scope; one with both kinds of work counts twice."""
        return len(self._next) + len(self._long_windows) + len(self._expensive)

    @property
    def long_windows(self) -> int:
        """How many of them are long windows of dimension values."""
        return len(self._long_windows)

    @property
    def expensive(self) -> int:
        """How many of them wait for a round with expensive KPIs."""
        return len(self._expensive)

    def add(self, changed: MaskByWindow, rewrite: MaskByWindow) -> None:
        """Add work."""
        self._next.add(changed, rewrite)

    def defer(self, window: Window, expensive: MaskByScope) -> None:
        """Add expensive KPIs whose values have changed."""
        if expensive:
            self._expensive.add({window: expensive}, {})

    def next_batches(
        self, max_long_windows: int | None = None, with_expensive: bool = True
    ) -> list[WindowWork]:
        """Remove and return the work of the next round, in the order in which it was added.

        Of the long windows of dimension values those that wait longest are taken until there
        are so many scopes of them (None: all), each with its expensive KPIs. All other
        expensive KPIs stay, too, unless the round is one `with_expensive`.
        """
        work, self._next = self._next, _Work()
        changed, rewrite = work.changed, work.rewrite
        # Nothing of a window is written before what has changed in it is read, so what is only
        # to be written again waits with the changes.
        self._long_windows.add(split_long_windows(changed), split_long_windows(rewrite))
        complete = self._long_windows.move_to(work, max_long_windows)
        if with_expensive:
            complete |= self._expensive.move_to(work) | changed.keys() | rewrite.keys()
        else:
            self._expensive.move_windows(complete, work)
            others = {at: scopes for at, scopes in rewrite.items() if at not in complete}
            self._expensive.add({}, split_kpis(self._expensive_kpis, others))
        return [
            WindowWork(
                window,
                changed.get(window, {}),
                rewrite.get(window, {}),
                NO_KPIS if window in complete else self._expensive_kpis,
            )
            for window in {**changed, **rewrite}
        ]


class _Work:
    """Windows in which KPIs have changed, and records only to be written again."""

    __slots__ = ("changed", "rewrite")

    def __init__(self) -> None:
        self.changed: MaskByWindow = {}
        self.rewrite: MaskByWindow = {}

    def __len__(self) -> int:
        return count(self.changed) + count(self.rewrite)

    def add(self, changed: MaskByWindow, rewrite: MaskByWindow) -> None:
        join_all(self.changed, changed)
        join_all(self.rewrite, rewrite)

    def move_to(self, other: "_Work", limit: int | None = None) -> set[Window]:
        """Move windows in their order until they have so many scopes, or all; returns them."""
        moved: set[Window] = set()
        left = len(self) if limit is None else limit
        for window in {**self.changed, **self.rewrite}:
            if left <= 0:
                break
            moved.add(window)
            left -= self._move(window, other)
        return moved

    def move_windows(self, windows: Iterable[Window], other: "_Work") -> None:
        for window in windows:
            self._move(window, other)

    def _move(self, window: Window, other: "_Work") -> int:
        moved = 0
        for waiting, into in ((self.changed, other.changed), (self.rewrite, other.rewrite)):
            if scopes := waiting.pop(window, None):
                join(into.setdefault(window, {}), scopes)
                moved += len(scopes)
        return moved


def split_long_windows(masks: MaskByWindow) -> MaskByWindow:
    """Remove and return the long windows of dimension values; those of the total stay."""
    removed: MaskByWindow = {}
    for window in [window for window in masks if window.kind in LONG_WINDOW_KINDS]:
        values = masks.pop(window)
        if of_total := values.pop("", NO_KPIS):
            masks[window] = {"": of_total}
        if values:
            removed[window] = values
    return removed


def split_kpis(kpis: KpiMask, masks: MaskByWindow) -> MaskByWindow:
    """Remove and return some KPIs."""
    removed: MaskByWindow = {}
    for window, scopes in masks.items():
        for scope, mask in scopes.items():
            if mask & kpis:
                removed.setdefault(window, {})[scope] = mask & kpis
                scopes[scope] = mask & ~kpis
    return removed


def count(masks: MaskByWindow) -> int:
    """Number of windows of a scope."""
    return sum(map(len, masks.values()))


def join_all(into: MaskByWindow, others: MaskByWindow) -> None:
    """Add the KPIs of other windows and scopes, in place."""
    for window, scopes in others.items():
        join(into.setdefault(window, {}), scopes)


def join(into: MaskByScope, scopes: Mapping[str, KpiMask]) -> None:
    """Add the KPIs of other scopes, in place."""
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, NO_KPIS) | mask
