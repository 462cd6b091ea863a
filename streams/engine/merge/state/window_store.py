"""Vectors by window and scope."""

from bisect import insort
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple

from streams.engine.algebra.measures import Grouped, add_grouped
from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
)
from streams.engine.merge.state.to_date import COMPARED_KINDS, ToDate

# With so many cells, changes are added up even if nobody reads their windows: a store is filled
# from all partials before its first round.
MAX_UNSUMMED = 1_000


class WindowsOfDay(NamedTuple):
    """The windows that a day's facts are in, and those of which such a window is the one before."""

    own: tuple[Window, ...]
    following: tuple[Window, ...]


class WindowStore:
    """Keeps one vector per window, scope and KPI, for every window that has facts.

    What is added to a day waits, added up by day and scope, until one of its windows is read that
    are not read often: many changes are then one.

    Rolling windows are kept for today only, each with the window before it, and so are the parts
    of windows that running ones are compared with. Another day begins with `begin_day`, after
    which `roll_next` has to return False before either is read or facts are added.

    Attributes:
        today: The day that rolling windows end with, as a day number.
        rolling: The rolling windows that end today.
        to_date: What each running window of more than a day is compared with. Read only.
    """

    def __init__(
        self, calendar: Calendar, today: int, lateness_ms: int, read_often: Collection[str] = ()
    ) -> None:
        """`read_often` are kinds of windows, besides days and hours, that have nothing waiting."""
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
        self._read_often = {"day", "hour", *read_often}
        # By day and scope: what its windows of other kinds lack.
        self._unsummed: dict[tuple[int, str], Grouped] = {}
        self._windows_of_day: dict[int, WindowsOfDay] = {}
        self._days: dict[str, list[int]] = {}
        self._all_time: dict[str, Grouped] = {}
        self._ends: list[tuple[int, Window]] = []
        self._tracked: set[Window] = set()

    def vectors(self, window: Window, scope: str) -> Grouped:
        """Vectors of a scope over a window by KPI, empty if there are none."""
        if self._unsummed and window.kind not in self._read_often:
            self._sum_up()
        found = self._sums.get(window)
        return (found.get(scope) or {}) if found else {}

    def scopes(self, window: Window) -> Mapping[str, Grouped]:
        """Vectors of all scopes of a window. Read only."""
        if self._unsummed and window.kind not in self._read_often:
            self._sum_up()
        return self._sums.get(window, {})

    def named(self, window: Window) -> Collection[str]:
        """Scopes of a window, and maybe some whose facts have been taken back. Read only."""
        return self._sums.get(window, {}).keys()

    def days(self, scope: str) -> list[int]:
        """Days on which a scope has had facts, ascending. Read only."""
        return self._days.get(scope, [])

    def add_hour(self, start: int, scope: str, change: Grouped) -> tuple[Window, ...]:
        """Add to an hour; returns the window."""
        window = Window("hour", start)
        self._add(window, scope, change)
        return (window,)

    def add_day(self, day: int, scope: str, change: Grouped) -> WindowsOfDay:
        """Add to a day and to every window that contains it; returns the windows."""
        known = self.vectors(Window("day", day), scope)
        if not known:
            days = self._days.setdefault(scope, [])
            if day not in days:
                insort(days, day)
        windows = self.windows_of(day)
        self._add_to(windows.own, day, scope, change)
        for each in self.to_date.values():
            if each.window.start <= day < each.end:
                each.add(scope, change)
        return windows

    def windows_of(self, day: int) -> WindowsOfDay:
        """The windows of a day, rolling ones of today included."""
        found = self._windows_of_day.get(day)
        if found is None:
            calendar = self.calendar
            lasting = calendar.windows_of(day)
            own = (*lasting, *(w for w, end in self._rolling_bounds if w.start <= day <= end))
            current = (w for w in self.rolling if calendar.preceding(w) in own)
            following = (*map(calendar.following, lasting), *current)
            found = self._windows_of_day[day] = WindowsOfDay(own, following)
        return found

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
        """Let `ended` return a window even if it never has facts; rolling ones never end."""
        if window.kind in ROLLING_DAYS or window in self._tracked or window in self._sums:
            return
        self._tracked.add(window)
        self._track_end(window)

    def ended(self, clock: int) -> Iterator[Window]:
        """Remove and return the windows whose lateness has passed by now."""
        while self._ends and self._ends[0][0] <= clock:
            yield heappop(self._ends)[1]

    def begin_day(self, today: int) -> None:
        """Empty the rolling windows and let them end with another day; extend those to date."""
        self._sum_up()
        self._windows_of_day.clear()
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

    def _add_to(self, windows: tuple[Window, ...], day: int, scope: str, change: Grouped) -> None:
        """Add to a day's windows, or let it wait; they all have the scope from now on."""
        unsummed = self._unsummed.get((day, scope))
        is_known = unsummed is not None
        if unsummed is None:
            unsummed = self._unsummed[day, scope] = {}
        for window in windows:
            if window.kind in self._read_often:
                self._add(window, scope, change)
            elif not is_known:
                self._scopes_of(window).setdefault(scope, {})
        add_grouped(unsummed, change)
        if len(self._unsummed) >= MAX_UNSUMMED:
            self._sum_up()

    def _sum_up(self) -> None:
        """Add to all windows what they lack."""
        unsummed, self._unsummed = self._unsummed, {}
        for (day, scope), change in unsummed.items():
            for window in self.windows_of(day).own:
                if window.kind not in self._read_often:
                    self._add(window, scope, change)

    def _scopes_of(self, window: Window) -> dict[str, Grouped]:
        """Sums of a window, which is kept from now on."""
        scopes = self._sums.get(window)
        if scopes is None:
            scopes = self._sums[window] = {}
            if window.kind not in ROLLING_DAYS:
                self._track_end(window)
        return scopes

    def _add(self, window: Window, scope: str, change: Grouped) -> None:
        scopes = self._scopes_of(window)
        vectors = scopes.get(scope)
        if vectors is None:
            vectors = scopes[scope] = {}
        add_grouped(vectors, change)
        if not vectors:
            del scopes[scope]

    def _track_end(self, window: Window) -> None:
        heappush(self._ends, (self.calendar.bounds(window)[1] + self.lateness_ms, window))
