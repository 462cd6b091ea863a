"""From a row's things to what they add to cells: the KPIs applied, priced facts told apart.

A share is one fact as it counts: (KPI number, anchor, since, value, dimensions). Shares are
plain tuples because they are compared and hashed a great deal.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from streams.engine.aggregate.attribution import handed_over, placed
from streams.engine.algebra.measures import LEVEL, Pairs
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.dimensions import (
    DIMENSIONS,
    NOWHERE,
    Dimensions,
)
from streams.engine.catalogue.kpi import (
    UNPRICED_FACTS,
    Fact,
    Unpriced,
)

Share = tuple[int, int, int, Any, Dimensions]
Shares = list[list[Share]]
ALL = ""
# Values whose components are remembered, for each KPI.
REMEMBERED = 10_000
_numbered: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}


class Components(dict[Any, Pairs]):
    """The components of a KPI's values: most values come again and again."""

    def __init__(self, of: Callable[[Any], Pairs]) -> None:
        """Take the measure's own."""
        self._of = of

    def __missing__(self, value: Any) -> Pairs:
        if len(self) >= REMEMBERED:
            self.clear()
        # What is 0 changes nothing.
        self[value] = pairs = tuple([pair for pair in self._of(value) if pair[1]])
        return pairs


class Scopes(dict[str, str]):
    """The scopes of one dimension by member: one text each, which is found at once elsewhere."""

    def __init__(self, dimension: str) -> None:
        """Name the dimension."""
        self._dimension = dimension

    def __missing__(self, member: str) -> str:
        self[member] = scope = f"{self._dimension}={member}"
        return scope


class Target(NamedTuple):
    """What a share of one KPI reaches: whose vectors, which scopes by their group's number."""

    name: str
    group: int
    is_hourly: bool
    components: Components


class Contributions:
    """The catalogue arranged for speed: which KPIs read a thing, which cells a share reaches."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Arrange the catalogue's KPIs by the thing they read."""
        self.kpis = catalogue.kpis
        self._unpriced = self.kpis.index(UNPRICED_FACTS)
        self._readers: dict[type, tuple[tuple[int, Any], ...]] = {}
        for number, kpi in enumerate(self.kpis):
            self._readers[kpi.reads] = (*self._readers.get(kpi.reads, ()), (number, kpi.facts))
        # KPIs that are told apart by the same dimensions reach the same scopes. Places are the
        # same objects for every catalogue, and so are the numbers under which they note scopes.
        groups = [
            _numbered.setdefault((kpi.dimensions, kpi.carried), len(_numbered)) for kpi in self.kpis
        ]
        self._for_all = [(ALL, *(f"{name}=" for name in kpi.carried)) for kpi in self.kpis]
        named = [(number, Scopes(name)) for number, name in enumerate(DIMENSIONS)]
        self._told_apart = [
            [(number, scopes) for number, scopes in named if DIMENSIONS[number] in kpi.dimensions]
            for kpi in self.kpis
        ]
        self._follows_owners = catalogue.definitions.readings.owner == "event"
        self.targets = [
            Target(kpi.name, group, kpi.hourly, Components(kpi.measure.components))
            for kpi, group in zip(self.kpis, groups, strict=True)
        ]

    def of(self, things: Iterable[tuple[type, list[Any]]]) -> Shares:
        """Give the shares of a row's things, one list a thing, in a stable order.

        Every event leads here, so what `_count` does is spelled out for the usual fact.
        """
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
                    for fact in (result,) if type(result) is Fact else result:
                        value = fact.value
                        if value is None or type(value) is Unpriced:
                            self._count(shares, number, fact, own)
                            continue
                        at, since = fact.at, fact.since
                        begins = at if since is None else since
                        shares.append((number, at, begins, value, fact.dimensions or own))
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
        group, members = self.targets[number].group, place.members
        found = place.scopes.get(group)
        if found is None:
            found = place.scopes[group] = (
                *(self._for_all[number] if place.is_in_all else ()),
                *[scopes[members[n]] for n, scopes in self._told_apart[number] if members[n]],
            )
        return found


def difference(before: Shares, after: Shares) -> list[tuple[Share, int]]:
    """Give which shares to add, so many times, or (negative) to remove to get to the next state."""
    old, new = _unequal(before, after) if before else ([], after)
    if not old:
        return [(share, 1) for shares in new for share in shares]
    # A thing that changed has most of its shares still.
    steps: dict[Share, int] = {}
    for shares in new:
        for share in shares:
            steps[share] = steps.get(share, 0) + 1
    for shares in old:
        for share in shares:
            steps[share] = steps.get(share, 0) - 1
    return [(share, times) for share, times in steps.items() if times]


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
