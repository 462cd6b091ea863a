"""Which derived KPIs have to be read again when their ingredients have changed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
)
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiIndex,
    KpiMask,
)


class InvalidKpis(NamedTuple):
    """KPIs to read again in a window and a scope."""

    window: Window
    scope: str
    kpis: KpiMask


class DependencyIndex:
    """Finds derived KPIs by the KPIs that they read.

    Attributes:
        cross_mask: KPIs that others read in another window, scope or dimension value.
        history: Derived KPIs that read sums over all time, each with the KPIs it reads so.
        running_only: Derived KPIs that only windows have which run.
        carry_forward: Derived KPIs that windows without facts have, too.
    """

    def __init__(
        self,
        calendar: Calendar,
        kpis: Sequence[Kpi],
        derived: Sequence[Derived],
        index: KpiIndex,
    ) -> None:
        self._calendar = calendar
        self._bits = index.bits
        known = {kpi.name: kpi for kpi in kpis}
        mask = index.mask
        self._ingredients = [
            (index.bits[d.name], mask((*d.ingredients, *d.targets))) for d in derived
        ]
        self._readers: dict[KpiMask, KpiMask] = {}
        self.history = [(d, mask(d.history)) for d in derived if d.history]
        self._by_target = [d for d in derived if d.targets]
        self._levelled = mask(
            d.name for d in derived if any(known[name].measure.steps for name in d.ingredients)
        )
        self._across = [(d, mask(d.across)) for d in derived if d.across]
        self._cross_window = [
            (d, mask(d.ingredients)) for d in derived if d.lookback_windows or d.affects is not None
        ]
        self.cross_mask = NO_KPIS
        for _, ingredients in (*self._across, *self._cross_window):
            self.cross_mask |= ingredients
        self._of_kind = {
            kind: mask(d.name for d in derived if kind in d.kinds)
            for kind in {kind for d in derived for kind in d.kinds}
        }
        self.running_only = mask(d.name for d in derived if d.is_running_only)
        self.carry_forward = [d for d in derived if d.carry_forward]

    def of(self, mask: KpiMask, kind: str) -> KpiMask:
        """Derived KPIs that read any of these in the same scope and window, of a kind."""
        return self._of_any_kind(mask) & self._of_kind.get(kind, 0)

    def on_levels(self, mask: KpiMask) -> KpiMask:
        """Derived KPIs that read any of these levels, in windows without a step."""
        return self._of_any_kind(mask) & self._levelled

    def _of_any_kind(self, mask: KpiMask) -> KpiMask:
        found = self._readers.get(mask)
        if found is None:
            found = NO_KPIS
            for bit, ingredients in self._ingredients:
                if ingredients & mask:
                    found |= bit
            self._readers[mask] = found
        return found

    def across(self, mask: KpiMask) -> Iterator[Derived]:
        """Derived KPIs that compare dimension values by any of these."""
        for kpi, ingredients in self._across:
            if ingredients & mask:
                yield kpi

    def reading_target(self, name: str) -> Iterator[Derived]:
        """Derived KPIs that read a KPI's target."""
        return (kpi for kpi in self._by_target if name in kpi.targets)

    def cross_window(
        self, mask: KpiMask, scope: str, window: Window, rolling: Iterable[Window], today: int
    ) -> Iterator[InvalidKpis]:
        """What reads any of these, changed in a window, in another window or scope."""
        for kpi, ingredients in self._cross_window:
            if not ingredients & mask:
                continue
            bit = self._bits[kpi.name]
            scopes = (scope, *(kpi.affects(scope) if kpi.affects else ()))
            for each in self._windows(kpi, window, rolling, today):
                for other in scopes:
                    yield InvalidKpis(each, other, bit)

    def _windows(
        self, kpi: Derived, window: Window, rolling: Iterable[Window], today: int
    ) -> Iterator[Window]:
        """A window and those after it that read it for their value or their `previous`."""
        if window.kind == "day":
            # Only the rolling windows of today are kept: what reads them is found by their days.
            for each in rolling:
                days = (kpi.lookback_windows + 1) * ROLLING_DAYS[each.kind]
                if each.kind in kpi.kinds and each.start - days <= window.start:
                    yield each
        if window.kind in kpi.kinds:
            yield window
            if window.kind not in ROLLING_DAYS:
                for _ in range(kpi.lookback_windows + 1):
                    window = self._calendar.following(window)
                    if window.start > today:
                        break
                    yield window
