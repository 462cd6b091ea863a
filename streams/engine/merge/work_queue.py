"""What has to be read and written again, by window and scope, and what of it can wait."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

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
# To iterate over an enumeration itself takes several times as long.
PRIORITIES: Final = tuple(Priority)
NEVER: Final = sys.maxsize


class Epochs(NamedTuple):
    """The oldest epochs of changed KPIs and of records to write again; NEVER without any."""

    changed: int
    rewrite: int


NO_WORK = Epochs(NEVER, NEVER)


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
    epochs: Epochs


class WorkQueue:
    """Work that waits for a round, each window of a scope once.

    Changed KPIs of one window and dimension that have one priority wait together: nothing of
    them is written before everything that has changed in them is read, for they have ranks.
    A window keeps its place and its epoch while more of it changes.

    Attributes:
        epoch: The epoch of what is added.
    """

    def __init__(self, priorities: Priorities) -> None:
        self.epoch = 0
        self._priorities = priorities
        self._work = tuple(_Work() for _ in Priority)

    def __len__(self) -> int:
        """Number of windows of a scope; one with work of two priorities counts twice."""
        return sum(map(len, self._work))

    def waiting(self, priority: Priority) -> int:
        """How many of them wait with a priority."""
        return len(self._work[priority])

    @property
    def oldest_epoch(self) -> int:
        """The oldest epoch that has work here; the current one if none has."""
        return min((each for work in self._work for each in work.epochs()), default=self.epoch)

    def add(self, changed: MaskByWindow, rewrite: MaskByWindow) -> None:
        """Add work of this epoch."""
        for window in {**changed, **rewrite}:
            changes, rewrites = changed.get(window, {}), rewrite.get(window, {})
            epochs = Epochs(self.epoch, self.epoch)
            self.add_window(WindowWork(window, changes, rewrites, HIGHEST, epochs))

    def add_window(self, added: WindowWork) -> None:
        """Add work of any epochs; of `rewrite` none with a higher priority than its own."""
        window, epochs = added.window, added.epochs
        for priority, scopes in self._split(window, added.changed):
            self._work[priority].add(window, scopes, {}, epochs)
        for priority, scopes in self._split(window, added.rewrite):
            self._work[max(priority, added.priority)].add(window, {}, scopes, epochs)

    def begin_day(self, today: int) -> None:
        """Let other windows be current, for what waits as well."""
        before, self._work = self._work, tuple(_Work() for _ in Priority)
        self._priorities.begin_day(today)
        for priority, work in zip(Priority, before, strict=True):
            for each in work.windows(priority):
                self.add_window(each)

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
            each._replace(priority=found.get(each.window, others)) for each in work.windows(others)
        ]

    def _split(self, window: Window, scopes: MaskByScope) -> Iterable[tuple[Priority, MaskByScope]]:
        """A window's KPIs by priority, and by scope."""
        found: dict[Priority, MaskByScope] = {}
        known: dict[str, MasksByPriority] = {}
        for scope, mask in scopes.items():
            dimension = scope.partition("=")[0]
            masks = known.get(dimension)
            if masks is None:
                masks = known[dimension] = self._priorities.of(dimension, window)
            for priority, own in zip(PRIORITIES, masks, strict=True):
                if part := mask & own:
                    found.setdefault(priority, {})[scope] = part
        return found.items()


class _Work:
    """Windows, in the order in which they are done, with what is to be done in each of them."""

    __slots__ = ("_changed", "_epochs", "_rewrite", "_size", "_uses")

    def __init__(self) -> None:
        self._changed: MaskByWindow = {}
        self._rewrite: MaskByWindow = {}
        self._epochs: dict[Window, Epochs] = {}
        # Kept, since they are asked for often, and years of history have thousands of windows.
        self._size = 0
        # How many windows have an epoch.
        self._uses: dict[int, int] = {}

    def __len__(self) -> int:
        return self._size

    def epochs(self) -> Iterator[int]:
        """The epochs of its work, each once, in any order."""
        return iter(self._uses)

    def windows(self, priority: Priority) -> Iterator[WindowWork]:
        for window, epochs in self._epochs.items():
            changed, rewrite = self._changed.get(window, {}), self._rewrite.get(window, {})
            yield WindowWork(window, changed, rewrite, priority, epochs)

    def add(
        self,
        window: Window,
        changed: Mapping[str, KpiMask],
        rewrite: Mapping[str, KpiMask],
        epochs: Epochs,
    ) -> None:
        before = changed_in, rewrite_in = self._epochs.get(window, NO_WORK)
        if changed:
            self._size += join(self._changed.setdefault(window, {}), changed)
            changed_in = min(changed_in, epochs.changed)
        if rewrite:
            self._size += join(self._rewrite.setdefault(window, {}), rewrite)
            rewrite_in = min(rewrite_in, epochs.rewrite)
        after = self._epochs[window] = Epochs(changed_in, rewrite_in)
        if after != before:
            self._use(before, -1)
            self._use(after, 1)

    def move_to(self, other: "_Work", limit: int | None = None) -> list[Window]:
        """Move windows in their order until they have so many scopes, or all; returns them."""
        moved: list[Window] = []
        left = len(self) if limit is None else limit
        for window in self._epochs:
            if left <= 0:
                break
            moved.append(window)
            left -= len(self._changed.get(window, ())) + len(self._rewrite.get(window, ()))
        self.move_windows(moved, other)
        return moved

    def move_windows(self, windows: Iterable[Window], other: "_Work") -> None:
        """Move those of some windows that have work."""
        for window in windows:
            epochs = self._epochs.pop(window, None)
            if epochs is not None:
                changed = self._changed.pop(window, {})
                rewrite = self._rewrite.pop(window, {})
                self._size -= len(changed) + len(rewrite)
                self._use(epochs, -1)
                other.add(window, changed, rewrite, epochs)

    def _use(self, epochs: Epochs, count: int) -> None:
        """Count that so many more windows have these epochs."""
        for each in epochs:
            if each != NEVER:
                self._uses[each] = self._uses.get(each, 0) + count
                if not self._uses[each]:
                    del self._uses[each]


def join(into: MaskByScope, scopes: Mapping[str, KpiMask]) -> int:
    """Add the KPIs of other scopes, in place; returns how many scopes are new."""
    before = len(into)
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, NO_KPIS) | mask
    return len(into) - before
