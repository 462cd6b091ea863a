"""Which records have to be read again: what changed, and everything that depends on it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue.derived import Derived
from streams.engine.merge.dependency_index import DependencyIndex
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.targets import TargetKey, Targets
from streams.engine.merge.state.window_store import WindowStore

MaskByScope = dict[str, int]


class Invalidation:
    """KPIs as bits, by window and scope, until somebody takes them.

    `noted` says which KPIs of a dimension are of interest; what is derived in the same scope
    and window is left to whoever takes the marks.
    """

    def __init__(
        self,
        bits: Mapping[str, int],
        marked: Mapping[str, int],
        sums: WindowStore,
        levels: Levels,
        targets: Targets,
        evaluator: KpiEvaluator,
        index: DependencyIndex,
    ) -> None:
        """Start without marks; everything else is kept by others."""
        self._bit = bits
        self._marked_kpis = marked
        self._sums = sums
        self._calendar = sums.calendar
        self._levels = levels
        self._targets = targets
        self._evaluator = evaluator
        self._index = index
        self._dirty: dict[Window, MaskByScope] = {}
        self._history = 0
        self._bests: dict[tuple[str, str, Window], tuple[int, ...]] = {}

    def __len__(self) -> int:
        """Count the windows of a scope that are marked."""
        return sum(map(len, self._dirty.values())) + self._levels.changed

    def add(self, scope: str, windows: Iterable[Window], bits: int) -> None:
        """Mark KPIs of a scope in some windows."""
        # What ends is marked for all as well, which may be another board's family.
        bits &= self._marked_kpis.get(scope.partition("=")[0], 0)
        if bits:
            dirty = self._dirty
            for window in windows:
                scopes = dirty.get(window)
                if scopes is None:
                    scopes = dirty[window] = {}
                scopes[scope] = scopes.get(scope, 0) | bits

    def add_history(self, bits: int) -> None:
        """Note that the sums over all time of hidden KPIs changed."""
        self._history |= bits

    def add_sums(self, scopes: Iterable[Window], shown_in: Window | None = None) -> None:
        """Mark everything that some windows hold, in those or in another one."""
        for window in scopes:
            for scope, vectors in self._sums.scopes(window).items():
                bits = 0
                for name in vectors:
                    bits |= self._bit.get(name, 0)
                self.add(scope, (shown_in or window,), bits)

    def add_rolling(self) -> None:
        """Mark what depends on today: rolling windows, levels and targets of running ones."""
        for window in self._sums.rolling:
            self.add_sums((window, self._calendar.preceding(window)), window)
        running = self._evaluator.running()
        for scope, name in self._levels.known():
            self.add(scope, running, self._bit[name])
        if self._index.running_only:
            for window in running:
                for scope in self._sums.scopes(window):
                    self.add(scope, (window,), self._index.running_only)
        for target_key in self._targets:
            self.add(target_key.scope, self.running(target_key), self._bit[target_key.kpi])

    def running(self, target_key: TargetKey) -> list[Window]:
        """Give the windows of a target that run now: one or none."""
        return [
            window
            for window in self._evaluator.running()
            if window == target_key.window
            or (target_key.window is None and window.kind == target_key.kind)
        ]

    def add_days(self, before: int, today: int) -> None:
        """Mark what begins or ends when another day has come, and is not marked otherwise."""
        for window in self._targets.windows():
            following = self._calendar.following(window).start
            if before < window.start <= today or before < following <= today:
                self.add_aimed(window)
        for kpi in self._index.carry_forward:
            for window in self._carried_forward(kpi, before):
                self.add("", (window,), self._bit[kpi.name])
                self._sums.track_end(window)
        for at in [at for at in self._bests if at[2].kind in ROLLING_DAYS]:
            if not self._sums.is_kept(at[2]):
                del self._bests[at]

    def add_ended(self, window: Window) -> None:
        """Mark every record of a window that is final now."""
        self.add_sums((window,))
        self.add_aimed(window)
        for kpi in self._index.carry_forward:
            self.add("", (window,), self._bit[kpi.name])

    def add_aimed(self, window: Window) -> None:
        """Mark the records of the targets that are for one window alone."""
        for target_key in self._targets.of_window(window):
            self.add(target_key.scope, (window,), self._bit[target_key.kpi])

    def add_target(self, target_key: TargetKey, kpi: Derived | object) -> None:
        """Mark every record that a target has changed."""
        if target_key.window is not None:
            windows = [target_key.window]
            self._sums.track_end(target_key.window)
        else:
            running = [w for w in self._evaluator.running() if w.kind == target_key.kind]
            windows = [*self._sums.known(target_key.kind), *running]
            if isinstance(kpi, Derived) and kpi.carry_forward and windows:
                windows += self._carried_forward(kpi, min(window.start for window in windows))
        self.add(target_key.scope, windows, self._bit[target_key.kpi])
        following = [self._calendar.following(w) for w in windows if w.kind not in ROLLING_DAYS]
        for each in self._index.reading_target(target_key.kpi):
            self.add(target_key.scope, following, self._bit[each.name])

    def drain(self) -> dict[Window, MaskByScope]:
        """Give the marks, with those that follow from them, and start anew."""
        self._spread_levels()
        for window, scope, bits in [*self._add_cross_window()]:
            self.add(scope, (window,), bits)
        for window, dimension, kpi in [*self._compared()]:
            self._mark_values(window, dimension, kpi)
        self._spread_history()
        dirty, self._dirty = self._dirty, {}
        return dirty

    def _spread_levels(self) -> None:
        """Mark the windows in which levels moved, and those where something is made of them.

        A level moves without a step of its own in every window after one.
        """
        moved: dict[str, tuple[int, int]] = {}
        for scope, name, since, windows in self._levels.drain():
            self.add(scope, windows, self._bit[name])
            first, bits = moved.get(scope, (since, 0))
            moved[scope] = min(first, since), bits | self._bit[name]
        marked, aimed = self._marked_kpis, bool(self._targets)
        for scope, (since, bits) in moved.items():
            reads = self._index.on_levels(bits) & marked[scope.partition("=")[0]]
            days = self._sums.days(scope)
            if reads:
                later = {
                    window
                    for day in days[bisect_left(days, since) :]
                    for window in self._calendar.windows_of(day)
                }
                self.add(scope, later, reads)
            if aimed:
                later = {
                    w for w in self._targets.windows() if self._calendar.following(w).start > since
                }
                self.add(scope, later, reads | bits)

    def _add_cross_window(self) -> Iterator[tuple[Window, str, int]]:
        far, index = self._index.cross_mask, self._index
        if not far:
            return
        for window, scopes in self._dirty.items():
            for scope, mask in scopes.items():
                if mask & far:
                    yield from index.cross_window(
                        mask, scope, window, self._sums.rolling, self._sums.today
                    )

    def _compared(self) -> Iterator[tuple[Window, str, Derived]]:
        """Give where the best of a dimension is another now."""
        far = self._index.cross_mask
        for window, scopes in self._dirty.items() if far else ():
            found: dict[tuple[str, str], tuple[Derived, str]] = {}
            for scope, mask in scopes.items():
                if mask & far:
                    dimension = scope.partition("=")[0]
                    for kpi in self._index.across(mask):
                        if dimension in kpi.scopes:
                            found[kpi.name, dimension] = kpi, scope
            for (name, dimension), (kpi, scope) in found.items():
                best = tuple(
                    self._evaluator.best(each, scope, window, kpi.across) for each in kpi.across
                )
                if self._bests.get((name, dimension, window)) != best:
                    self._bests[name, dimension, window] = best
                    yield window, dimension, kpi

    def _mark_values(self, window: Window, dimension: str, kpi: Derived) -> None:
        """Mark all members of a dimension in a window, and their `previous` in the next."""
        for each in (window, self._calendar.following(window)):
            if each.start <= self._sums.today:
                for scope in self._sums.scopes(each):
                    if scope.partition("=")[0] == dimension:
                        self.add(scope, (each,), self._bit[kpi.name])

    def _spread_history(self) -> None:
        changed, self._history = self._history, 0
        if not changed:
            return
        for kpi, read in self._index.history:
            if not read & changed:
                continue
            running = self._evaluator.running()
            windows = running if kpi.is_running_only else self._sums.all()
            for window in windows:
                if window.kind in kpi.kinds:
                    for scope in self._sums.scopes(window):
                        self.add(scope, (window,), self._bit[kpi.name])

    def _carried_forward(self, kpi: Derived, since: int) -> Iterator[Window]:
        """Give the windows from a day until today in which a lasting KPI may have records."""
        today = self._sums.today
        for kind in kpi.kinds:
            if kind not in ROLLING_DAYS:
                window = Window(kind, self._calendar.first_day(kind, since))
                while window.start <= today:
                    yield window
                    window = self._calendar.following(window)
