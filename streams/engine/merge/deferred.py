"""What is to be read again, by window and scope, and what of it can wait."""

from collections.abc import Iterable, Mapping

from streams.engine.calendars.calendar import Window

# KPIs as bits, as a board numbers them.
Scopes = dict[Window, dict[str, int]]
# Whatever changes in a day changes these, too, each of which is one of many days.
WIDE = {"week", "month", "quarter", "year", "last_7d", "last_15d", "last_30d", "last_90d"}


class PutOff:
    """What waits: windows in which something changed, and records only to be written again."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._changed: Scopes = {}
        self._again: Scopes = {}

    def __len__(self) -> int:
        """Count the windows of a scope, one in which both is so twice."""
        return count(self._changed) + count(self._again)

    def add(self, changed: Scopes, again: Scopes) -> None:
        """Let more wait."""
        join_all(self._changed, changed)
        join_all(self._again, again)

    def take_back(self, changed: Scopes, again: Scopes, least: int | None = None) -> set[Window]:
        """Add what waits to what is to be done: all, or windows that wait longest until there
        are so many scopes of them. Returns the windows.
        """
        taken: set[Window] = set()
        left = len(self) if least is None else least
        for window in {**self._changed, **self._again}:
            if left <= 0:
                break
            taken.add(window)
            left -= self._move(window, changed, again)
        return taken

    def take_back_of(self, windows: Iterable[Window], changed: Scopes, again: Scopes) -> None:
        """Add what of some windows waits to what is to be done."""
        for window in windows:
            self._move(window, changed, again)

    def _move(self, window: Window, changed: Scopes, again: Scopes) -> int:
        moved = 0
        for into, waiting in ((changed, self._changed), (again, self._again)):
            if scopes := waiting.pop(window, None):
                join(into.setdefault(window, {}), scopes)
                moved += len(scopes)
        return moved


def without_wide(dirty: Scopes) -> Scopes:
    """Take the members' wide windows out; of all there is one each, which stays."""
    taken: Scopes = {}
    for window in [window for window in dirty if window.kind in WIDE]:
        members = dirty.pop(window)
        if of_all := members.pop("", 0):
            dirty[window] = {"": of_all}
        if members:
            taken[window] = members
    return taken


def without(mask: int, dirty: Scopes) -> Scopes:
    """Take some KPIs out."""
    taken: Scopes = {}
    for window, scopes in dirty.items():
        for scope, kpis in scopes.items():
            if kpis & mask:
                taken.setdefault(window, {})[scope] = kpis & mask
                scopes[scope] = kpis & ~mask
    return taken


def count(scopes: Scopes) -> int:
    """Count the windows of a scope."""
    return sum(map(len, scopes.values()))


def join_all(into: Scopes, others: Scopes) -> None:
    """Add the KPIs of other windows and scopes, in place."""
    for window, scopes in others.items():
        join(into.setdefault(window, {}), scopes)


def join(into: dict[str, int], scopes: Mapping[str, int]) -> None:
    """Add the KPIs of other scopes, in place."""
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, 0) | mask
