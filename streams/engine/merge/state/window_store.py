"""Vectors by window and scope."""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from heapq import heappop, heappush

from streams.engine.algebra.measures import Grouped, add_grouped
from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
)
from streams.engine.merge.state.to_date import COMPARED_KINDS, ToDate


class WindowStore:
    """Keeps one vector per window, scope and KPI, for every window that has facts.

    Rolling windows are kept for today only, each with the window before it, and so are the parts
    of windows that running ones are compared with. Another day begins with `begin_day`, after
    which `roll_next` has to return False before either is read or facts are added.

    Attributes:
        today: The day that rolling windows end with, as a day number.
        rolling: The rolling windows that end today.
        to_date: What each running window of more than a day is compared with. Read only.
    """

    def __init__(self, calendar: Calendar, today: int, lateness_ms: int) -> None:
        self.calendar = calendar
        self.lateness_ms = lateness_ms
        self.today = today
        self.rolling = calendar.rolling(today)
        self._rolling_bounds = self._rolling_with_previous()
        self._rolling_windows = {window for window, _ in self._rolling_bounds}
        self.to_date = {
            window: ToDate(calendar, window, today)
            for window in calendar.windows_of(today)
            if window.kind in COMPARED_KINDS
        }
        # What a day that has just begun still has to add to sums: the day to add, and how.
        self._unrolled: deque[tuple[Callable[[str, Grouped], None], int]] = deque()
        self._sums: dict[Window, dict[str, Grouped]] = {}
        self._days: dict[str, list[int]] = {}
        self._all_time: dict[str, Grouped] = {}
        self._ends: list[tuple[int, Window]] = []
        self._tracked: set[Window] = set()

    def vectors(self, window: Window, scope: str) -> Grouped:
        """Vectors of a scope over a window by KPI, empty if there are none."""
        found = self._sums.get(window)
        return (found.get(scope) or {}) if found else {}

    def scopes(self, window: Window) -> Mapping[str, Grouped]:
        """Vectors of all scopes of a window. Read only."""
        return self._sums.get(window, {})

    def days(self, scope: str) -> list[int]:
        """Days on which a scope has had facts, ascending. Read only."""
        return self._days.get(scope, [])

    def add_hour(self, start: int, scope: str, change: Grouped) -> tuple[Window, ...]:
        """Add to an hour; returns the window."""
        window = Window("hour", start)
        self._add(window, scope, change)
        return (window,)

    def add_day(self, day: int, scope: str, change: Grouped) -> list[Window]:
        """Add to a day and to every window that contains it; returns those windows."""
        known = self.vectors(Window("day", day), scope)
        if not known:
            days = self._days.setdefault(scope, [])
            if day not in days:
                insort(days, day)
        windows = list(self.calendar.windows_of(day))
        windows += [w for w, end in self._rolling_bounds if w.start <= day <= end]
        for window in windows:
            self._add(window, scope, change)
        for each in self.to_date.values():
            if each.window.start <= day < each.end:
                each.add(scope, change)
        return windows

    def add_all_time(self, scope: str, change: Grouped) -> None:
        """Add to the sum over all days, future ones included, of KPIs that keep it."""
        add_grouped(self._all_time.setdefault(scope, {}), change)

    def all_time(self, scope: str) -> Grouped:
        """Vectors over all days, of the KPIs that keep them."""
        return self._all_time.get(scope, {})

    def is_kept(self, window: Window) -> bool:
        """Whether a rolling window is one of today's, or the one before one of those."""
        return window in self._rolling_windows

    def known(self, kind: str) -> list[Window]:
        """Windows of a kind that have had facts."""
        return [window for window in self._sums if window.kind == kind]

    def all(self) -> list[Window]:
        """All windows that have had facts."""
        return list(self._sums)

    def track_end(self, window: Window) -> None:
        """Let `ended` return a window even if it never has facts."""
        if window not in self._tracked and window not in self._sums:
            self._tracked.add(window)
            self._track_end(window)

    def ended(self, clock: int) -> Iterator[Window]:
        """Remove and return the windows whose lateness has passed by now."""
        while self._ends and self._ends[0][0] <= clock:
            yield heappop(self._ends)[1]

    def begin_day(self, today: int) -> None:
        """Empty the rolling windows and let them end with another day; extend those to date."""
        for window, _ in self._rolling_bounds:
            self._sums.pop(window, None)
        self.today = today
        self.rolling = self.calendar.rolling(today)
        self._rolling_bounds = self._rolling_with_previous()
        self._rolling_windows = {window for window, _ in self._rolling_bounds}
        self._unrolled = deque(
            (partial(self._add, window), day)
            for window, end in self._rolling_bounds
            for day in range(window.start, end + 1)
        )
        self._extend_to_date()

    def roll_next(self) -> bool:
        """Add one day's vectors to one sum that begin_day has changed; whether more are missing."""
        if self._unrolled:
            add, day = self._unrolled.popleft()
            for scope, vectors in self.scopes(Window("day", day)).items():
                add(scope, vectors)
        return bool(self._unrolled)

    def _extend_to_date(self) -> None:
        """Let running windows be compared with a day more; one that has begun, with its first."""
        before, self.to_date = self.to_date, {}
        for window in self.calendar.windows_of(self.today):
            if window.kind in COMPARED_KINDS:
                each = self.to_date[window] = ToDate(self.calendar, window, self.today)
                begin = each.window.start
                if window in before:
                    each.scopes, begin = before[window].scopes, before[window].end
                self._unrolled.extend((each.add, day) for day in range(begin, each.end))

    def _rolling_with_previous(self) -> list[tuple[Window, int]]:
        """Rolling windows of today and those before them, with their last days."""
        own = [(window, self.today) for window in self.rolling]
        before = [
            (Window(window.kind, window.start - ROLLING_DAYS[window.kind]), window.start - 1)
            for window in self.rolling
        ]
        return own + before

    def _add(self, window: Window, scope: str, change: Grouped) -> None:
        scopes = self._sums.get(window)
        if scopes is None:
            scopes = self._sums[window] = {}
            if window.kind not in ROLLING_DAYS:
                self._track_end(window)
        vectors = scopes.get(scope)
        if vectors is None:
            vectors = scopes[scope] = {}
        add_grouped(vectors, change)
        if not vectors:
            del scopes[scope]

    def _track_end(self, window: Window) -> None:
        heappush(self._ends, (self.calendar.bounds(window)[1] + self.lateness_ms, window))
