"""What is to be read again, by window and scope, and what of it can wait."""

from collections.abc import Mapping

from streams.engine.calendar import Window

# KPIs as bits, as a board numbers them.
Scopes = dict[Window, dict[str, int]]
# Whatever changes in a day changes these, too, each of which is one of many days.
WIDE = {"month", "quarter", "year", "last_15d", "last_30d", "last_90d"}


def take_back(put_off: Scopes, dirty: Scopes) -> Scopes:
    """Add what was put off to what is to be done, and leave nothing."""
    join_all(dirty, put_off)
    return {}


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
    for window, scopes in dirty.items() if mask else ():
        for scope, kpis in scopes.items():
            if kpis & mask:
                taken.setdefault(window, {})[scope] = kpis & mask
                scopes[scope] = kpis & ~mask
    return taken


def join_all(into: Scopes, others: Scopes) -> None:
    """Add the KPIs of other windows and scopes, in place."""
    for window, scopes in others.items():
        join(into.setdefault(window, {}), scopes)


def join(into: dict[str, int], scopes: Mapping[str, int]) -> None:
    """Add the KPIs of other scopes, in place."""
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, 0) | mask
