"""Which derived KPIs have to be read again when something that they read has changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
)
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

InvalidKey = tuple[Window, str, int]


class DependencyIndex:
    """Finds derived KPIs by what changed; KPIs are bits, as the board numbers them."""

    def __init__(
        self,
        calendar: Calendar,
        kpis: Sequence[Kpi],
        derived: Sequence[Derived],
        bits: Mapping[str, int],
    ) -> None:
        """Take the KPIs, and the bit of each by name."""
        self._calendar = calendar
        self._bits = bits
        known = {kpi.name: kpi for kpi in kpis}
        self._read = [(bits[d.name], self._mask((*d.ingredients, *d.targets))) for d in derived]
        self._found: dict[int, int] = {}
        self.history = [(d, self._mask(d.history)) for d in derived if d.history]
        self._by_target = [d for d in derived if d.targets]
        self._levelled = self._mask(
            d.name for d in derived if any(known[name].measure.steps for name in d.ingredients)
        )
        self._across = [(d, self._mask(d.across)) for d in derived if d.across]
        self._cross_window = [
            (d, self._mask(d.ingredients))
            for d in derived
            if d.lookback_windows or d.affects is not None
        ]
        self.cross_mask = 0
        for _, mask in (*self._across, *self._cross_window):
            self.cross_mask |= mask
        self._kinds: dict[str, int] = {}
        for d in derived:
            for kind in d.kinds:
                self._kinds[kind] = self._kinds.get(kind, 0) | bits[d.name]
        self.running_only = self._mask(d.name for d in derived if d.is_running_only)
        self.carry_forward = [d for d in derived if d.carry_forward]

    def of(self, mask: int, kind: str) -> int:
        """Give those that read any of these in the same scope and window of a kind."""
        found = self._found.get(mask)
        if found is None:
            found = 0
            for bit, read in self._read:
                if read & mask:
                    found |= bit
            self._found[mask] = found
        return found & self._kinds.get(kind, 0)

    def on_levels(self, mask: int) -> int:
        """Give those that read any of these, levels, in windows without a step."""
        return self.of(mask, "day") & self._levelled

    def across(self, mask: int) -> Iterator[Derived]:
        """Give those that compare members by any of these."""
        for kpi, read in self._across:
            if read & mask:
                yield kpi

    def reading_target(self, name: str) -> Iterator[Derived]:
        """Give those that read a KPI's target."""
        return (kpi for kpi in self._by_target if name in kpi.targets)

    def cross_window(
        self, mask: int, scope: str, window: Window, rolling: Iterable[Window], today: int
    ) -> Iterator[InvalidKey]:
        """Give what reads any of these in another window or in another scope."""
        for kpi, read in self._cross_window:
            if not read & mask:
                continue
            bit = self._bits[kpi.name]
            scopes = (scope, *(kpi.affects(scope) if kpi.affects else ()))
            for each in self._windows(kpi, window, rolling, today):
                for other in scopes:
                    yield each, other, bit

    def _windows(
        self, kpi: Derived, window: Window, rolling: Iterable[Window], today: int
    ) -> Iterator[Window]:
        """Give a window and those after it whose value or `previous` it is part of."""
        if window.kind == "day":
            # A rolling window long over is kept by nobody: its days tell.
            for each in rolling:
                reach = (kpi.lookback_windows + 1) * ROLLING_DAYS[each.kind]
                if each.kind in kpi.kinds and each.start - reach <= window.start:
                    yield each
        if window.kind in kpi.kinds:
            yield window
            if window.kind not in ROLLING_DAYS:
                for _ in range(kpi.lookback_windows + 1):
                    window = self._calendar.following(window)
                    if window.start > today:
                        break
                    yield window

    def _mask(self, names: Iterable[str]) -> int:
        mask = 0
        for name in names:
            mask |= self._bits[name]
        return mask
