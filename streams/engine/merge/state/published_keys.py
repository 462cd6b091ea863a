"""Keys that readers find a record under, as work for the rounds of a merger."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from streams.engine.calendars.calendar import ROLLING_DAYS, Calendar, Window, milliseconds
from streams.engine.merge.record_encoder import RecordEncoder
from streams.engine.merge.state.kpi_index import NO_KPIS, KpiIndex, KpiMask, MaskByWindow


class PublishedKeys:
    """Locates keys of `published` KPIs, by dimension, in windows of `kinds`."""

    def __init__(
        self,
        published: Mapping[str, KpiMask],
        kinds: Collection[str],
        index: KpiIndex,
        encoder: RecordEncoder,
    ) -> None:
        self._published = published
        self._kinds = kinds
        self._bits = index.bits
        self._encoder = encoder
        self._windows: dict[tuple[str, str], Window | None] = {}

    def locate(
        self, keys: Iterable[str], has_begun: Callable[[Window], bool]
    ) -> tuple[MaskByWindow, list[str]]:
        """KPIs of keys by window and scope; and the keys under which there can be no record."""
        found: MaskByWindow = {}
        impossible: list[str] = []
        windows, bits, published = self._windows, self._bits, self._published
        for key in keys:
            # Values may contain the separator themselves.
            name, _, rest = key.partition("|")
            rest, _, start = rest.rpartition("|")
            scope, _, kind = rest.rpartition("|")
            at = kind, start
            if at not in windows:
                windows[at] = self._window(kind, start)
            window = windows[at]
            own = "" if scope == "all" else scope
            bit = bits.get(name, NO_KPIS) & published.get(own.partition("=")[0], NO_KPIS)
            if window is None or not bit or not has_begun(window):
                impossible.append(key)
            else:
                scopes = found.setdefault(window, {})
                scopes[own] = scopes.get(own, NO_KPIS) | bit
        return found, impossible

    def _window(self, kind: str, start: str) -> Window | None:
        """A window by the end of its keys; None if the calendar in force has no such window."""
        if kind not in self._kinds:
            return None
        try:
            at = milliseconds(datetime.fromisoformat(start))
            window = _window_at(self._encoder.calendar, kind, at)
            text, _ = self._encoder.window(window)
        except (ValueError, TypeError, OverflowError):
            return None  # no instant, one without a time zone, or one at the end of all dates
        return window if text == f"{kind}|{start}" else None


def _window_at(calendar: Calendar, kind: str, at: int) -> Window:
    if kind == "hour":
        return Window(kind, calendar.hour(at))
    day = calendar.day(at)
    return Window(kind, day if kind in ROLLING_DAYS else calendar.first_day(kind, day))
