"""From a row's things to what they add to cells: the KPIs applied, priced facts told apart.

A share is one fact as it counts: (KPI number, anchor, since, value, dimensions). Shares are
plain tuples because they are compared and hashed a great deal.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from streams.engine.catalogue import UNPRICED_FACTS, Catalogue, Dimensions, Fact, Unpriced
from streams.engine.measures import Pairs

Share = tuple[int, int, int, Any, Dimensions]
Shares = list[list[Share]]
NOWHERE = Dimensions()
ALL = ""


class Contributions:
    """The catalogue arranged for speed: which KPIs read a thing, which cells a share reaches."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Arrange the catalogue's KPIs by the thing they read."""
        self.kpis = catalogue.kpis
        self._unpriced = self.kpis.index(UNPRICED_FACTS)
        self._readers: dict[type, tuple[tuple[int, Any], ...]] = {}
        for number, kpi in enumerate(self.kpis):
            self._readers[kpi.reads] = (*self._readers.get(kpi.reads, ()), (number, kpi.facts))
        self._places = [
            tuple((f"{name}=", Dimensions._fields.index(name)) for name in kpi.dimensions)
            for kpi in self.kpis
        ]
        self._scopes: dict[tuple[int, Dimensions], tuple[str, ...]] = {}
        self._names: dict[tuple[int, Any], Pairs] = {}
        self.is_hourly = [kpi.hourly for kpi in self.kpis]

    def of(self, things: Iterable[tuple[type, list[Any]]]) -> Shares:
        """Give the shares of a row's things, one list a thing, in a stable order."""
        found: Shares = []
        readers = self._readers
        for kind, members in things:
            kpis = readers.get(kind, ())
            for thing in members:
                shares: list[Share] = []
                own = thing.dimensions
                for number, facts in kpis:
                    result = facts(thing)
                    if result is None:
                        continue
                    for at, value, dimensions, since in (
                        (result,) if type(result) is Fact else result
                    ):
                        if value is None:
                            continue
                        if type(value) is Unpriced:
                            name = self.kpis[number].name
                            shares.append((self._unpriced, at, at, name, NOWHERE))
                            continue
                        begins = at if since is None or since < at else since
                        shares.append((number, at, begins, value, dimensions or own))
                found.append(shares)
        return found

    def scopes(self, number: int, dimensions: Dimensions) -> tuple[str, ...]:
        """Give the scopes a share of a KPI reaches: everything, then `dimension=value` each."""
        key = (number, dimensions)
        found = self._scopes.get(key)
        if found is None:
            if len(self._scopes) > 200_000:
                self._scopes.clear()
            named = (mark + dimensions[i] for mark, i in self._places[number] if dimensions[i])
            found = self._scopes[key] = (ALL, *named)
        return found

    def components(self, number: int, value: Any) -> Pairs:
        """Give the components of a value, named `kpi.component`."""
        key = (number, value)
        found = self._names.get(key)
        if found is None:
            if len(self._names) > 200_000:
                self._names.clear()
            kpi = self.kpis[number]
            pairs = kpi.measure.components(value)
            found = self._names[key] = tuple((f"{kpi.name}.{name}", n) for name, n in pairs)
        return found


def difference(before: Shares, after: Shares) -> Iterator[tuple[Share, int]]:
    """Give the shares to remove (-1) and to add (1) to get from one row state to the next."""
    old, new = _unequal(before, after)
    net: dict[Share, int] = {}
    for sign, lists in ((-1, old), (1, new)):
        for shares in lists:
            for share in shares:
                net[share] = net.get(share, 0) + sign
    for share, times in net.items():
        if times:
            yield share, times


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
