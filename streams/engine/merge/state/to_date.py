"""The windows before the running ones, each up to as many days as the running one has had."""

from streams.engine.algebra.measures import Grouped, add_grouped
from streams.engine.calendars.calendar import Calendar, Window

# Of a running day only a part has passed, which cannot be compared with whole days.
COMPARED_KINDS = ("week", "month", "quarter", "year")


class ToDate:
    """The window before a running one up to the end of its n-th day, today being the other's n-th.

    Attributes:
        window: The window before.
        end: The day after the n-th one, or after the last where the window is shorter.
        scopes: Vectors of those days by scope. Read only.
    """

    __slots__ = ("end", "scopes", "window")

    def __init__(self, calendar: Calendar, running: Window, today: int) -> None:
        self.window = calendar.preceding(running)
        self.end = min(self.window.start + today - running.start + 1, running.start)
        self.scopes: dict[str, Grouped] = {}

    def add(self, scope: str, change: Grouped) -> None:
        """Add to a scope what has changed on one of the days."""
        vectors = self.scopes.setdefault(scope, {})
        add_grouped(vectors, change)
        if not vectors:
            del self.scopes[scope]
