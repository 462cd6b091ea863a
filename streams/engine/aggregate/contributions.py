"""Contributions of entities to cells: the KPIs' facts, with unpriced ones counted apart.

A contribution is one fact: (KPI number, anchor, since, value, dimensions). Contributions are
plain tuples because they are compared and hashed a great deal.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from streams.engine.aggregate.attribution import Contribution as Contribution
from streams.engine.aggregate.attribution import attributed_at, attributed_steps
from streams.engine.algebra.measures import LEVEL, Pairs
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.dimensions import (
    DIMENSIONS,
    NOWHERE,
    OWN_PLACES,
    ROLLED_UP,
    Dimensions,
)
from streams.engine.catalogue.kpi import (
    UNPRICED_FACTS,
    Fact,
    Unpriced,
)

EntityContributions = list[list[Contribution]]
TOTAL = ""
UNPRICED = UNPRICED_FACTS.name
# Values whose components are cached, per KPI.
COMPONENT_CACHE_SIZE = 10_000
_numbered: dict[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], int] = {}


class ComponentCache(dict[Any, Pairs]):
    """The components of a KPI's values, cached because most values recur."""

    def __init__(self, of: Callable[[Any], Pairs]) -> None:
        """`of` is the measure's function."""
        self._of = of

    def __missing__(self, value: Any) -> Pairs:
        if len(self) >= COMPONENT_CACHE_SIZE:
            self.clear()
        # Components of 0 change nothing.
        self[value] = pairs = tuple([pair for pair in self._of(value) if pair[1]])
        return pairs


class ScopeNames(dict[str, str]):
    """The scopes of one dimension by value: one string object each, so that look-ups are fast."""

    def __init__(self, dimension: str) -> None:
        self._dimension = dimension

    def __missing__(self, value: str) -> str:
        self[value] = scope = f"{self._dimension}={value}"
        return scope


class CellTarget(NamedTuple):
    """Where contributions of one KPI go: its name in cells, and the number of its scope group."""

    name: str
    group: int
    is_hourly: bool
    components: ComponentCache


class ContributionFunctions:
    """The catalogue arranged for speed: the KPIs by entity type, and the cells they reach."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.kpis = catalogue.kpis
        names = [kpi.name for kpi in self.kpis]
        # None where it is not chosen.
        self._unpriced = names.index(UNPRICED) if UNPRICED in names else None
        self._readers: dict[type, tuple[tuple[int, Any], ...]] = {}
        for number, kpi in enumerate(self.kpis):
            self._readers[kpi.reads] = (*self._readers.get(kpi.reads, ()), (number, kpi.facts))
        # KPIs with the same dimensions reach the same scopes. Dimensions are the same objects for
        # every catalogue, and so are the group numbers under which they cache scopes.
        # Where groups are those of the time, contributions have them as dimensions of their own.
        rolled_up = ROLLED_UP if catalogue.definitions.choices.organisation == "event" else ()
        grouped = [tuple(it for it in rolled_up if it in kpi.scopes) for kpi in self.kpis]
        own_names = tuple(each.name for each in catalogue.definitions.own_dimensions)
        places = (*DIMENSIONS, *own_names, *("",) * (OWN_PLACES - len(own_names)))
        dimensions = [kpi.dimensions for kpi in self.kpis]
        groups = [
            _numbered.setdefault(((*found, *own_names), own, kpi.broadcast_to), len(_numbered))
            for kpi, found, own in zip(self.kpis, dimensions, grouped, strict=True)
        ]
        self._total_scopes = [
            (TOTAL, *(f"{name}=" for name in kpi.broadcast_to)) for kpi in self.kpis
        ]
        named = [
            (number, name, ScopeNames(name)) for number, name in enumerate((*places, *rolled_up))
        ]
        self._dimensions = [
            [(number, names) for number, name, names in named if name in found or name in own]
            for found, own in zip(dimensions, grouped, strict=True)
        ]
        self._attributes_over_time = catalogue.definitions.choices.owner == "event"
        self.targets = [
            CellTarget(kpi.name, group, kpi.hourly, ComponentCache(kpi.measure.components))
            for kpi, group in zip(self.kpis, groups, strict=True)
        ]

    def of(self, entities: Iterable[tuple[type, list[Any]]]) -> EntityContributions:
        """The contributions of an event set's entities, a list per entity, in a stable order.

        Every event leads here, so `_count` is inlined for the usual fact.
        """
        found: EntityContributions = []
        readers, over_time = self._readers, self._attributes_over_time
        for kind, values in entities:
            kpis = readers.get(kind, ())
            for entity in values:
                if over_time and getattr(entity, "attribution", None):
                    found.append(self._of_attributed(entity, kpis))
                    continue
                contributions: list[Contribution] = []
                own = entity.dimensions
                for number, facts in kpis:
                    result = facts(entity)
                    if result is None:
                        continue
                    for fact in (result,) if type(result) is Fact else result:
                        value = fact.value
                        if value is None or type(value) is Unpriced:
                            self._count(contributions, number, fact, own)
                            continue
                        at, since = fact.at, fact.since
                        begins = at if since is None else since
                        contributions.append((number, at, begins, value, fact.dimensions or own))
                found.append(contributions)
        return found

    def _of_attributed(self, entity: Any, kpis: Iterable[tuple[int, Any]]) -> list[Contribution]:
        """The contributions of an entity whose facts belong to the rep of their time."""
        contributions: list[Contribution] = []
        own: Dimensions = entity.dimensions
        for number, facts in kpis:
            result = facts(entity)
            listed = [] if result is None else [result] if type(result) is Fact else [*result]
            if self.kpis[number].measure is LEVEL:
                for fact, dimensions in attributed_steps(listed, entity.attribution, own):
                    self._count(contributions, number, fact, dimensions)
                continue
            for fact in listed:
                self._count(
                    contributions, number, fact, attributed_at(entity.attribution, own, fact.at)
                )
        return contributions

    def _count(
        self, contributions: list[Contribution], number: int, fact: Fact[Any], own: Dimensions
    ) -> None:
        at, value, since = fact.at, fact.value, fact.since
        if value is None:
            return
        begins = at if since is None else since
        if type(value) is Unpriced:
            kpi, unpriced = self.kpis[number], self._unpriced
            # What a published KPI is derived from lacks the fact, chosen or not.
            if unpriced is not None and (kpi.is_ingredient or not kpi.is_hidden):
                contributions.append((unpriced, at, begins, kpi.name, NOWHERE))
            return
        contributions.append((number, at, begins, value, fact.dimensions or own))

    def scopes(self, number: int, dimensions: Dimensions) -> tuple[str, ...]:
        """The scopes that a KPI's contribution reaches: the total, then each `dimension=value`.

        A dimension that the KPI is broadcast to has the total under `dimension=`.
        """
        group, values = self.targets[number].group, dimensions.values
        found = dimensions.scopes.get(group)
        if found is None:
            found = dimensions.scopes[group] = (
                *(self._total_scopes[number] if dimensions.counts_in_total else ()),
                *[
                    names[values[n]]
                    for n, names in self._dimensions[number]
                    if n < len(values) and values[n]
                ],
            )
        return found


def difference(
    before: EntityContributions, after: EntityContributions
) -> list[tuple[Contribution, int]]:
    """The contributions to add, each a number of times, or (negative) to remove."""
    old, new = _unequal(before, after) if before else ([], after)
    if not old:
        return [(contribution, 1) for contributions in new for contribution in contributions]
    # An entity that changed keeps most of its contributions.
    steps: dict[Contribution, int] = {}
    for contributions in new:
        for contribution in contributions:
            steps[contribution] = steps.get(contribution, 0) + 1
    for contributions in old:
        for contribution in contributions:
            steps[contribution] = steps.get(contribution, 0) - 1
    return [(contribution, times) for contribution, times in steps.items() if times]


def _unequal(
    before: EntityContributions, after: EntityContributions
) -> tuple[EntityContributions, EntityContributions]:
    """Leave out what is in both: most entities of an event set are unchanged."""
    first, last = 0, 0
    shorter = min(len(before), len(after))
    while first < shorter and before[first] == after[first]:
        first += 1
    while last < shorter - first and before[-1 - last] == after[-1 - last]:
        last += 1
    old, new = before[first : len(before) - last], []
    for contributions in after[first : len(after) - last]:
        if contributions in old:
            old.remove(contributions)
        else:
            new.append(contributions)
    return old, new
