"""Whose a thing was when: for the reading that a fact belongs to the rep of then."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.engine.catalogue.dimensions import Dimensions, values_only
from streams.engine.catalogue.kpi import Fact

# From each of these instants on, in order, a thing had this place.
AttributionSteps = tuple[tuple[int, Dimensions], ...]


def attribution(
    own: Mapping[int, str], present: Dimensions, inherited: Mapping[int, str] | None = None
) -> AttributionSteps:
    """Give the places of a thing from the reps that it, or what it came from, was given when."""
    inherited = inherited or {}
    rep, other, found = "", "", []
    for at in sorted(own.keys() | inherited.keys()):
        rep, other = own.get(at, rep), inherited.get(at, other)
        found.append((at, present.with_rep(rep or other)))
    return tuple(found)


def attributed_at(reroutes: AttributionSteps, present: Dimensions, at: int) -> Dimensions:
    """Give the place at an instant: the present one if none was given by then."""
    place = present
    for begin, then in reroutes:
        if begin > at:
            break
        place = then
    return place


def transfer_steps(
    facts: Iterable[Fact[Any]], reroutes: AttributionSteps, present: Dimensions
) -> Iterator[Fact[int]]:
    """Give the steps that carry what a stock holds of a thing from each rep to the next.

    Everybody's stock does not change by it, and neither does any other dimension's.
    """
    held = [(fact.at, fact.value) for fact in facts if isinstance(fact.value, int)]
    before = present
    for at, place in reroutes:
        amount = sum(value for begin, value in held if begin < at)
        if amount and place.values != before.values:
            yield Fact(at, -amount, values_only(rep=before.values[0]))
            yield Fact(at, amount, values_only(rep=place.values[0]))
        before = place
