"""What is to be read again, by window and scope, and what of it can wait."""

from collections.abc import Iterable, Mapping

from streams.engine.calendars.calendar import Window

# KPIs as bits, as a board numbers them.
MaskByWindow = dict[Window, dict[str, int]]
# Whatever changes in a day changes these, too, each of which is one of many days.
LONG_WINDOW_KINDS = {
    "week",
    "month",
    "quarter",
    "year",
    "last_7d",
    "last_15d",
    "last_30d",
    "last_90d",
}


class DeferredWork:
    """What waits: windows in which something changed, and records only to be written again."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._changed: MaskByWindow = {}
        self._rewrite: MaskByWindow = {}

    def __len__(self) -> int:
        """Count the windows of a scope, one in which both is so twice."""
        return count(self._changed) + count(self._rewrite)

    def add(self, changed: MaskByWindow, again: MaskByWindow) -> None:
        """Let more wait."""
        join_all(self._changed, changed)
        join_all(self._rewrite, again)

    def resume(
        self, changed: MaskByWindow, again: MaskByWindow, least: int | None = None
    ) -> set[Window]:
        """Add what waits to what is to be done: all, or windows that wait longest until there
        are so many scopes of them. Returns the windows.
        """
        taken: set[Window] = set()
        left = len(self) if least is None else least
        for window in {**self._changed, **self._rewrite}:
            if left <= 0:
                break
            taken.add(window)
            left -= self._move_into(window, changed, again)
        return taken

    def resume_windows(
        self, windows: Iterable[Window], changed: MaskByWindow, again: MaskByWindow
    ) -> None:
        """Add what of some windows waits to what is to be done."""
        for window in windows:
            self._move_into(window, changed, again)

    def _move_into(self, window: Window, changed: MaskByWindow, again: MaskByWindow) -> int:
        moved = 0
        for into, waiting in ((changed, self._changed), (again, self._rewrite)):
            if scopes := waiting.pop(window, None):
                join(into.setdefault(window, {}), scopes)
                moved += len(scopes)
        return moved


def split_long_windows(dirty: MaskByWindow) -> MaskByWindow:
    """Take the members' wide windows out; of all there is one each, which stays."""
    taken: MaskByWindow = {}
    for window in [window for window in dirty if window.kind in LONG_WINDOW_KINDS]:
        values = dirty.pop(window)
        if of_all := values.pop("", 0):
            dirty[window] = {"": of_all}
        if values:
            taken[window] = values
    return taken


def split_kpis(mask: int, dirty: MaskByWindow) -> MaskByWindow:
    """Take some KPIs out."""
    taken: MaskByWindow = {}
    for window, scopes in dirty.items():
        for scope, kpis in scopes.items():
            if kpis & mask:
                taken.setdefault(window, {})[scope] = kpis & mask
                scopes[scope] = kpis & ~mask
    return taken


def count(scopes: MaskByWindow) -> int:
    """Count the windows of a scope."""
    return sum(map(len, scopes.values()))


def join_all(into: MaskByWindow, others: MaskByWindow) -> None:
    """Add the KPIs of other windows and scopes, in place."""
    for window, scopes in others.items():
        join(into.setdefault(window, {}), scopes)


def join(into: dict[str, int], scopes: Mapping[str, int]) -> None:
    """Add the KPIs of other scopes, in place."""
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, 0) | mask
