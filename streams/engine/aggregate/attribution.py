"""Attribution over time: facts belong to the rep and the groups of their time."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from streams.engine.algebra.measures import LEVEL
from streams.engine.catalogue.dimensions import (
    ROLLED_UP,
    Dimensions,
    Groups,
    groups_only,
    in_groups,
    values_only,
)
from streams.engine.catalogue.kpi import Fact, Kpi
from streams.engine.catalogue.patched_records import RepRecord, RepRecords

# From each of these instants on, in order, an entity had these dimensions.
AttributionSteps = tuple[tuple[int, Dimensions], ...]
# An instant and by how much a level changes then.
Step = tuple[int, int]


def attribution(
    own: Mapping[int, str], present: Dimensions, inherited: Mapping[int, str] | None = None
) -> AttributionSteps:
    """The dimensions of an entity over time, from its own and inherited reps by instant.

    Before any rep was named, it has no step.
    """
    inherited = inherited or {}
    rep, other = "", ""
    found: list[tuple[int, Dimensions]] = []
    for at in sorted(own.keys() | inherited.keys()):
        rep, other = own.get(at, rep), inherited.get(at, other)
        if rep or other or found:
            found.append((at, present.with_rep(rep or other)))
    return tuple(found)


def attributed_at(steps: AttributionSteps, present: Dimensions, at: int) -> Dimensions:
    """The dimensions at an instant: the present ones before the first step."""
    found = present
    for begin, dimensions in steps:
        if begin > at:
            break
        found = dimensions
    return found


def attributed_steps(
    facts: Iterable[Fact[Any]], steps: AttributionSteps, present: Dimensions
) -> Iterator[tuple[Fact[Any], Dimensions]]:
    """The facts of an entity's level, earliest first, with their dimensions; then transfers.

    Transfers move the entity's part of the stock from each rep to the next: the total does not
    change, nor any other dimension. A fact with dimensions of its own knows its rep.
    """
    held: list[Step] = []
    for fact in facts:
        instant = fact.at
        if isinstance(fact.value, int) and fact.dimensions is None:
            instant = _add_step(held, fact.at, fact.value)
        yield fact, attributed_at(steps, present, instant)
    before = present
    for at, dimensions in steps:
        amount = _held(held, at)
        if amount and dimensions.values != before.values:
            yield Fact(at, -amount), values_only(rep=before.values[0])
            yield Fact(at, amount), values_only(rep=dimensions.values[0])
        before = dimensions


def _held(steps: Iterable[Step], at: int) -> int:
    return sum(value for begin, value in steps if begin < at)


def _add_step(steps: list[Step], at: int, value: int) -> int:
    """Add a step to earlier ones; gives the instant whose holder it belongs to.

    What ends just when its holder changes ends with the holder before, and is not transferred.
    """
    instant = at - (value * _held(steps, at) < 0)
    steps.append((instant, value))
    return instant


# As in `contributions`: KPI number, anchor, since, value, dimensions.
Contribution = tuple[int, int, int, Any, Dimensions]
NO_GROUPS: Groups = ("", "", "")


class GroupAttribution:
    """Lets contributions belong to the team, department and unit that their rep was in then.

    Before a rep's first record they belong to those of the first. Levels move with the rep.
    """

    def __init__(self, kpis: Sequence[Kpi], reps: RepRecords) -> None:
        """`reps` changes with the reference data."""
        self._reps = reps
        self._is_grouped = [not {*ROLLED_UP}.isdisjoint(kpi.scopes) for kpi in kpis]
        self._is_level = [kpi.measure is LEVEL for kpi in kpis]
        self._sets_by_rep: defaultdict[str, set[str]] = defaultdict(set)

    def dependents(self, rep: str) -> Collection[str]:
        """Event sets with contributions of a rep."""
        return self._sets_by_rep.get(rep, ())

    def sets_by_rep(self) -> Iterable[tuple[str, Collection[str]]]:
        """Event sets with contributions of each rep."""
        return self._sets_by_rep.items()

    def restore(self, sets_by_rep: Iterable[tuple[str, Collection[str]]]) -> None:
        """Add what `sets_by_rep` returned; event sets are not read for it."""
        for rep, names in sets_by_rep:
            self._sets_by_rep[rep].update(names)

    def retire(self, names: set[str]) -> Iterator[tuple[str, Collection[str]]]:
        """Forget some event sets; gives them as `sets_by_rep` does."""
        for rep, sets in self._sets_by_rep.items():
            found = names & sets
            if found:
                sets -= found
                yield rep, found

    def of(self, name: str, entities: list[list[Contribution]]) -> list[list[Contribution]]:
        """An event set's contributions by entity, with the groups of their reps."""
        return [self._of_entity(name, contributions) for contributions in entities]

    def _of_entity(self, name: str, contributions: list[Contribution]) -> list[Contribution]:
        found: list[Contribution] = []
        levels: defaultdict[tuple[int, str], list[Contribution]] = defaultdict(list)
        for contribution in contributions:
            number, at, _, _, dimensions = contribution
            rep = dimensions.values[0]
            if not rep or not self._is_grouped[number]:
                found.append(contribution)
                continue
            self._sets_by_rep[rep].add(name)
            if self._is_level[number]:
                levels[number, rep].append(contribution)
            else:
                found.append(self._in_groups(contribution, at))
        for (number, rep), of_level in levels.items():
            steps: list[Step] = []
            for contribution in sorted(of_level, key=itemgetter(1)):
                _, at, _, value, _ = contribution
                found.append(self._in_groups(contribution, _add_step(steps, at, value)))
            found += self._moves(number, rep, steps)
        return found

    def _in_groups(self, contribution: Contribution, instant: int) -> Contribution:
        number, at, since, value, dimensions = contribution
        groups = self._groups(dimensions.values[0], instant)
        if groups == NO_GROUPS:
            return contribution
        return number, at, since, value, in_groups(dimensions, groups)

    def _moves(self, number: int, rep: str, steps: list[Step]) -> Iterator[Contribution]:
        """What moves a rep's part of a level from each group to the next."""
        records = self._reps.over_time(rep)
        for (_, before), (at, after) in pairwise(records):
            held = _held(steps, at)
            old, new = _groups(before), _groups(after)
            if held and old != new:
                for groups, others, value in ((old, new, -held), (new, old, held)):
                    left = tuple(
                        one if one != other else ""
                        for one, other in zip(groups, others, strict=True)
                    )
                    if left != NO_GROUPS:
                        yield number, at, at, value, groups_only(left)

    def _groups(self, rep: str, at: int) -> Groups:
        records = self._reps.over_time(rep)
        if not records:
            return NO_GROUPS
        found = records[0][1]
        for since, record in records:
            if since > at:
                break
            found = record
        return _groups(found)


def _groups(record: RepRecord) -> Groups:
    return record.team or "", record.department or "", record.unit or ""
