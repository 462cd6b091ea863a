"""From a row's things to what they add to cells: the KPIs applied, priced facts told apart.

A share is one fact as it counts: (KPI number, anchor, since, value, dimensions). Shares are
plain tuples because they are compared and hashed a great deal.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from streams.engine.catalogue import (
    DIMENSIONS,
    NOWHERE,
    UNPRICED_FACTS,
    Catalogue,
    Dimensions,
    Fact,
    Unpriced,
)
from streams.engine.measures import LEVEL, Pairs
from streams.engine.owners import handed_over, placed

Share = tuple[int, int, int, Any, Dimensions]
Shares = list[list[Share]]
ALL = ""
_numbered: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}


class Contributions:
    """The catalogue arranged for speed: which KPIs read a thing, which cells a share reaches."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Arrange the catalogue's KPIs by the thing they read."""
        self.kpis = catalogue.kpis
        self._unpriced = self.kpis.index(UNPRICED_FACTS)
        self._readers: dict[type, tuple[tuple[int, Any], ...]] = {}
        for number, kpi in enumerate(self.kpis):
            self._readers[kpi.reads] = (*self._readers.get(kpi.reads, ()), (number, kpi.facts))
        self._told_apart = [(kpi.dimensions, kpi.carried) for kpi in self.kpis]
        # KPIs that are told apart by the same dimensions reach the same scopes. Places are the
        # same objects for every catalogue, and so are the numbers under which they note scopes.
        self._groups = [_numbered.setdefault(own, len(_numbered)) for own in self._told_apart]
        self._pairs: dict[tuple[int, Any], Pairs] = {}
        self._follows_owners = catalogue.definitions.readings.owner == "event"
        self.is_hourly = [kpi.hourly for kpi in self.kpis]

    def of(self, things: Iterable[tuple[type, list[Any]]]) -> Shares:
        """Give the shares of a row's things, one list a thing, in a stable order."""
        found: Shares = []
        readers, follows_owners = self._readers, self._follows_owners
        for kind, members in things:
            kpis = readers.get(kind, ())
            for thing in members:
                if follows_owners and getattr(thing, "moves", None):
                    found.append(self._of_moved(thing, kpis))
                    continue
                shares: list[Share] = []
                own = thing.dimensions
                for number, facts in kpis:
                    result = facts(thing)
                    if result is None:
                        continue
                    if type(result) is Fact:
                        self._count(shares, number, result, own)
                        continue
                    for fact in result:
                        self._count(shares, number, fact, own)
                found.append(shares)
        return found

    def _of_moved(self, thing: Any, kpis: Iterable[tuple[int, Any]]) -> list[Share]:
        """Give the shares of a thing whose facts belong to the rep it had at each."""
        shares: list[Share] = []
        own: Dimensions = thing.dimensions
        for number, facts in kpis:
            result = facts(thing)
            listed = [] if result is None else [result] if type(result) is Fact else [*result]
            for fact in listed:
                self._count(shares, number, fact, placed(thing.moves, own, fact.at))
            if self.kpis[number].measure is LEVEL:
                for fact in handed_over(listed, thing.moves, own):
                    self._count(shares, number, fact, own)
        return shares

    def _count(self, shares: list[Share], number: int, fact: Fact[Any], own: Dimensions) -> None:
        at, value, since = fact.at, fact.value, fact.since
        if value is None:
            return
        begins = at if since is None else since
        if type(value) is Unpriced:
            if not self.kpis[number].is_hidden:
                shares.append((self._unpriced, at, begins, self.kpis[number].name, NOWHERE))
            return
        shares.append((number, at, begins, value, fact.dimensions or own))

    def scopes(self, number: int, place: Dimensions) -> tuple[str, ...]:
        """Give the scopes a share of a KPI reaches: everything, then `dimension=value` each.

        A dimension it is carried to has what counts for all under `dimension=`, no member.
        """
        group = self._groups[number]
        found = place.scopes.get(group)
        if found is None:
            told_apart, carried = self._told_apart[number]
            named = zip(DIMENSIONS, place.members, strict=True)
            found = place.scopes[group] = (
                *((ALL, *(f"{name}=" for name in carried)) if place.is_in_all else ()),
                *(f"{name}={member}" for name, member in named if member and name in told_apart),
            )
        return found

    def components(self, number: int, value: Any) -> Pairs:
        """Give the components of a value of a KPI."""
        key = (number, value)
        found = self._pairs.get(key)
        if found is None:
            if len(self._pairs) > 200_000:
                self._pairs.clear()
            found = self._pairs[key] = self.kpis[number].measure.components(value)
        return found


def difference(before: Shares, after: Shares) -> Iterator[tuple[Share, int]]:
    """Give which shares to add, so many times, or (negative) to remove to get to the next state."""
    old, new = _unequal(before, after)
    # A thing that changed has most of its shares still.
    steps: dict[Share, int] = {}
    for shares in new:
        for share in shares:
            steps[share] = steps.get(share, 0) + 1
    for shares in old:
        for share in shares:
            steps[share] = steps.get(share, 0) - 1
    return ((share, times) for share, times in steps.items() if times)


def _unequal(before: Shares, after: Shares) -> tuple[Shares, Shares]:
    """Leave out what stands in both: most things of a row are as they were."""
    first, last = 0, 0
    shorter = min(len(before), len(after))
    while first < shorter and before[first] == after[first]:
        first += 1
    while last < shorter - first and before[-1 - last] == after[-1 - last]:
        last += 1
    old, new = before[first : len(before) - last], []
    for shares in after[first : len(after) - last]:
        if shares in old:
            old.remove(shares)
        else:
            new.append(shares)
    return old, new
