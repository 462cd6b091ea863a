"""Which KPIs have to be read again: those that changed, and all that depends on them."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping

from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.dependency_index import InvalidKpis
from streams.engine.merge.dimension_groups import dimension_of, siblings_of
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiMask,
    MaskByScope,
    MaskByWindow,
)
from streams.engine.merge.state.merge_state import MergeState
from streams.engine.merge.state.rankings import RANKED
from streams.engine.merge.state.targets import TargetChange, TargetKey


class Invalidation:
    """Invalid KPIs by window and scope until `drain` returns them.

    `of_interest` are the KPIs of each dimension that are recorded here; others are ignored. Days
    are kept whatever the `kinds` of windows are, but returned only if they are among them. KPIs
    derived in the same scope and window are not added: whoever reads the KPIs finds them.
    """

    def __init__(
        self,
        of_interest: Mapping[str, KpiMask],
        kinds: Collection[str],
        state: MergeState,
        evaluator: KpiEvaluator,
    ) -> None:
        self._of_interest = of_interest
        self._has_days = "day" in kinds
        self._kpis = state.kpis
        self._bits = state.kpis.bits
        self._windows = state.windows
        self._calendar = state.windows.calendar
        self._levels = state.levels
        self._targets = state.targets
        self._dependencies = state.dependencies
        self._evaluator = evaluator
        self._carried_forward_mask = state.kpis.mask(
            kpi.name for kpi in state.dependencies.carry_forward
        )
        self._invalid: MaskByWindow = {}
        self._history = NO_KPIS
        self._bests: dict[tuple[str, str, Window], tuple[int, ...]] = {}

    def __len__(self) -> int:
        """Number of windows of a scope with invalid KPIs."""
        return sum(map(len, self._invalid.values())) + self._levels.changed

    def add(self, scope: str, windows: Iterable[Window], kpis: KpiMask) -> None:
        """Invalidate KPIs of a scope in some windows."""
        # What ends is invalid in the grand total as well, which may be another merger's group.
        kpis &= self._of_interest.get(scope.partition("=")[0], 0)
        if kpis:
            invalid = self._invalid
            for window in windows:
                scopes = invalid.get(window)
                if scopes is None:
                    scopes = invalid[window] = {}
                scopes[scope] = scopes.get(scope, NO_KPIS) | kpis

    def add_history(self, kpis: KpiMask) -> None:
        """Invalidate what reads these KPIs' sums over all time."""
        self._history |= kpis

    def add_facts(self, windows: Iterable[Window], shown_in: Window | None = None) -> None:
        """Invalidate all KPIs with facts in some windows, there or in another window."""
        for window in windows:
            for scope, vectors in self._windows.scopes(window).items():
                self.add(scope, (shown_in or window,), self._kpis.mask_of_known(vectors))

    def add_running(self) -> None:
        """Invalidate what depends on today: rolling windows, running levels and targets.

        And long windows that run, for they are compared with one day more of those before.
        """
        for window in self._windows.rolling:
            self.add_facts((window, self._calendar.preceding(window)), window)
        self.add_facts(self._windows.to_date)
        running = self._evaluator.running()
        for scope, name in self._levels.known():
            self.add(scope, running, self._bits[name])
        if self._dependencies.running_only:
            for window in running:
                for scope in self._windows.scopes(window):
                    self.add(scope, (window,), self._dependencies.running_only)
        for target_key in self._targets:
            self.add(target_key.scope, self.running(target_key), self._bits[target_key.kpi])

    def running(self, target_key: TargetKey) -> list[Window]:
        """Windows of a target that run now: one or none."""
        return [
            window
            for window in self._evaluator.running()
            if window == target_key.window
            or (target_key.window is None and window.kind == target_key.kind)
        ]

    def add_days(self, before: int, today: int) -> None:
        """Invalidate what begins or ends when another day has come, and `add_running` omits."""
        for target_key in self._targets:
            windows = [*self._targets.windows(target_key, before, today)]
            self.add(target_key.scope, windows, self._bits[target_key.kpi])
            for window in windows:
                self._windows.track_end(window)
        for kpi in self._dependencies.carry_forward:
            for window in self._carried_forward(kpi, before):
                self.add("", (window,), self._bits[kpi.name])
                self._windows.track_end(window)
        for at in [at for at in self._bests if at[2].kind in ROLLING_DAYS]:
            if not self._windows.is_kept(at[2]):
                del self._bests[at]

    def add_ended(self, window: Window) -> None:
        """Invalidate every record of a window that is final now."""
        self.add_facts((window,))
        self.add_with_target(window)
        for kpi in self._dependencies.carry_forward:
            self.add("", (window,), self._bits[kpi.name])

    def add_with_target(self, window: Window) -> None:
        """Invalidate the records that targets alone may make of a window."""
        for target_key in self._targets.of_window(window):
            self.add(target_key.scope, (window,), self._bits[target_key.kpi])

    def add_target(self, change: TargetChange, kpi: Kpi | Derived) -> None:
        """Invalidate every record that a changed target changes."""
        target_key = change.key
        if target_key.window is not None:
            windows = [target_key.window]
        else:
            running = [w for w in self._evaluator.running() if w.kind == target_key.kind]
            windows = [*self._windows.known(target_key.kind), *running]
            if isinstance(kpi, Derived) and kpi.carry_forward and windows:
                windows += self._carried_forward(kpi, min(window.start for window in windows))
            if target_key.kind not in ROLLING_DAYS:
                today = self._windows.today
                windows += self._calendar.windows_between(target_key.kind, change.since, today)
            # Of windows before, too, of which a target of what it is derived from makes a record.
            for other in self._targets.of_scope(target_key.scope):
                if other.kind == target_key.kind:
                    windows += self._targets.windows(other, 0, self._windows.today)
        self.add(target_key.scope, windows, self._bits[target_key.kpi])
        lasting = [window for window in windows if window.kind not in ROLLING_DAYS]
        for window in lasting:
            self._windows.track_end(window)
        following = [self._calendar.following(window) for window in lasting]
        for each in self._dependencies.reading_target(target_key.kpi):
            self.add(target_key.scope, following, self._bits[each.name])

    def drain(self) -> MaskByWindow:
        """Remove and return the invalid KPIs, with those in other windows and scopes."""
        self._spread_levels()
        for window, scope, kpis in [*self._cross_window()]:
            self.add(scope, (window,), kpis)
            if kpis & self._carried_forward_mask:
                self._windows.track_end(window)
        for window, dimension, kpi in [*self._other_bests()]:
            self._add_dimension(window, dimension, kpi)
        self._spread_history()
        invalid, self._invalid = self._invalid, {}
        if not self._has_days:
            return {at: scopes for at, scopes in invalid.items() if at.kind != "day"}
        return invalid

    def _spread_levels(self) -> None:
        """Add the windows in which levels changed, and those that read such levels.

        A level also changes in every window after one with a step, without a step there.
        """
        changed: dict[str, tuple[int, KpiMask]] = {}
        ranked: dict[tuple[str, str], int] = {}
        for level in self._levels.drain():
            kpi = self._bits[level.kpi]
            self.add(level.scope, level.windows, kpi)
            first, kpis = changed.get(level.scope, (level.since, NO_KPIS))
            changed[level.scope] = min(first, level.since), kpis | kpi
            dimension = dimension_of(level.scope)
            if dimension in RANKED:
                at = level.kpi, dimension
                ranked[at] = min(level.since, ranked.get(at, level.since))
        today = self._windows.today
        for scope, (since, kpis) in changed.items():
            readers = self._dependencies.on_levels(kpis) & self._of_interest[dimension_of(scope)]
            if readers:
                self.add(scope, self._windows_from(scope, since), readers)
            for target_key in self._targets.of_scope(scope):
                later = self._targets.windows(target_key, since, today)
                self.add(scope, later, readers | kpis)
        for (name, dimension), since in ranked.items():
            self._add_siblings(name, dimension, since)

    def _add_siblings(self, name: str, dimension: str, since: int) -> None:
        """Let the values of a dimension be ranked again, by a level that changed on a day.

        In windows that are over; in those that run, every value is ranked on its own.
        """
        windows = self._levels.windows_over(name, dimension, since)
        for target_key in self._targets.of_dimension(name, dimension):
            windows.update(self._targets.windows(target_key, since, self._windows.today))
        self.add(siblings_of(dimension), windows, self._bits[name])

    def _windows_from(self, scope: str, day: int) -> set[Window]:
        """Windows of the days from one on that have facts in a scope."""
        days = self._windows.days(scope)
        return {
            window
            for each in days[bisect_left(days, day) :]
            for window in self._calendar.windows_of(each)
        }

    def _cross_window(self) -> Iterator[InvalidKpis]:
        cross_mask, cross_window = self._dependencies.cross_mask, self._dependencies.cross_window
        if not cross_mask:
            return
        rolling, today = self._windows.rolling, self._windows.today
        for window, scopes in self._invalid.items():
            for scope, kpis in scopes.items():
                if kpis & cross_mask:
                    yield from cross_window(kpis, scope, window, rolling, today)

    def _other_bests(self) -> Iterator[tuple[Window, str, Derived]]:
        """Windows and dimensions in which the best value of a comparing KPI has changed."""
        if not self._dependencies.cross_mask:
            return
        for window, scopes in self._invalid.items():
            for (name, dimension), (kpi, scope) in self._comparisons(scopes).items():
                best = self._evaluator.bests(kpi, scope, window)
                if self._bests.get((name, dimension, window)) != best:
                    self._bests[name, dimension, window] = best
                    yield window, dimension, kpi

    def _comparisons(self, scopes: MaskByScope) -> dict[tuple[str, str], tuple[Derived, str]]:
        """KPIs, by name and dimension, that compare values by these; each with one scope."""
        cross_mask = self._dependencies.cross_mask
        found: dict[tuple[str, str], tuple[Derived, str]] = {}
        for scope, kpis in scopes.items():
            if kpis & cross_mask:
                dimension = scope.partition("=")[0]
                for kpi in self._dependencies.across(kpis):
                    if dimension in kpi.scopes:
                        found[kpi.name, dimension] = kpi, scope
        return found

    def _add_dimension(self, window: Window, dimension: str, kpi: Derived) -> None:
        """Add all values of a dimension in a window, and their `previous` in the next one.

        Those without facts, too, that have records by a target.
        """
        for each in (window, self._calendar.following(window)):
            if each.start <= self._windows.today:
                aimed = (target_key.scope for target_key in self._targets.of_window(each))
                for scope in {**self._windows.scopes(each), **dict.fromkeys(aimed)}:
                    if scope.partition("=")[0] == dimension:
                        self.add(scope, (each,), self._bits[kpi.name])

    def _spread_history(self) -> None:
        changed, self._history = self._history, NO_KPIS
        for kpi, ingredients in self._dependencies.history if changed else ():
            if not ingredients & changed:
                continue
            running = self._evaluator.running()
            windows = running if kpi.is_running_only else self._windows.all()
            for window in windows:
                if window.kind in kpi.kinds:
                    for scope in self._windows.named(window):
                        self.add(scope, (window,), self._bits[kpi.name])

    def _carried_forward(self, kpi: Derived, since: int) -> Iterator[Window]:
        """Windows from a day until today that may have a record of a KPI carried forward."""
        for kind in kpi.kinds:
            if kind not in ROLLING_DAYS:
                yield from self._calendar.windows_between(kind, since, self._windows.today)
