"""Levels: the sum of the steps so far, at the end of a window or now."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from tests.oracle.facts import Fact
from tests.oracle.windows import Calendar, Window


class LevelWindows:
    """One level in one scope: its steps in order, and the level after each."""

    def __init__(self, steps: Sequence[Fact], calendar: Calendar, now: int) -> None:
        """`steps` are those at or before `now`; at least one."""
        self.calendar = calendar
        self.now = now
        in_order = sorted(steps, key=lambda step: step.at)
        self.instants = [step.at for step in in_order]
        self.levels = [0]
        for step in in_order:
            self.levels.append(self.levels[-1] + step.parts["level"])

    def published(self, stepped: Iterable[Window]) -> list[Window]:
        """List the calendar windows with a step, the running ones, and today's rolling ones."""
        found = [window for window in stepped if not window.is_rolling]
        for window in self.calendar.windows_of(self.now, hourly=False):
            if window not in found:
                found.append(window)
        return found + self.calendar.rolling(self.now)

    def at_end(self, window: Window) -> int:
        """Add up the steps before the window's end; all steps so far if it is running."""
        if self.now < window.end:
            return self.levels[-1]
        return self.levels[bisect_left(self.instants, window.end)]
