"""Whose a thing was when: for the reading that a fact belongs to the rep of then."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.engine.catalogue.dimensions import Dimensions, only
from streams.engine.catalogue.kpi import Fact

# From each of these instants on, in order, a thing had this place.
Moves = tuple[tuple[int, Dimensions], ...]


def moves(
    own: Mapping[int, str], present: Dimensions, inherited: Mapping[int, str] | None = None
) -> Moves:
    """Give the places of a thing from the reps that it, or what it came from, was given when."""
    inherited = inherited or {}
    rep, other, found = "", "", []
    for at in sorted(own.keys() | inherited.keys()):
        rep, other = own.get(at, rep), inherited.get(at, other)
        found.append((at, present.with_rep(rep or other)))
    return tuple(found)


def placed(moves: Moves, present: Dimensions, at: int) -> Dimensions:
    """Give the place at an instant: the present one if none was given by then."""
    place = present
    for begin, then in moves:
        if begin > at:
            break
        place = then
    return place


def handed_over(
    facts: Iterable[Fact[Any]], moves: Moves, present: Dimensions
) -> Iterator[Fact[int]]:
    """Give the steps that carry what a stock holds of a thing from each rep to the next.

    Everybody's stock does not change by it, and neither does any other dimension's.
    """
    held = [(fact.at, fact.value) for fact in facts if isinstance(fact.value, int)]
    before = present
    for at, place in moves:
        amount = sum(value for begin, value in held if begin < at)
        if amount and place.members != before.members:
            yield Fact(at, -amount, only(rep=before.members[0]))
            yield Fact(at, amount, only(rep=place.members[0]))
        before = place
