"""Attribution over time: facts belong to the rep that their entity had at the time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.engine.catalogue.dimensions import Dimensions, values_only
from streams.engine.catalogue.kpi import Fact

# From each of these instants on, in order, an entity had these dimensions.
AttributionSteps = tuple[tuple[int, Dimensions], ...]


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


def transfer_steps(
    facts: Iterable[Fact[Any]], steps: AttributionSteps, present: Dimensions
) -> Iterator[Fact[int]]:
    """The facts that transfer an entity's part of a stock from each rep to the next.

    The total does not change, nor any other dimension. A fact with dimensions of its own knows
    its rep.
    """
    held = [
        (fact.at, fact.value)
        for fact in facts
        if isinstance(fact.value, int) and fact.dimensions is None
    ]
    before = present
    for at, dimensions in steps:
        amount = sum(value for begin, value in held if begin < at)
        if amount and dimensions.values != before.values:
            yield Fact(at, -amount, values_only(rep=before.values[0]))
            yield Fact(at, amount, values_only(rep=dimensions.values[0]))
        before = dimensions
