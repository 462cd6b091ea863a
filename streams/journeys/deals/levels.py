"""What a deal is to a level over time, and the steps that come of it."""

from collections.abc import Iterable

from streams.engine.catalogue.dimensions import Dimensions, transfer
from streams.engine.catalogue.kpi import Fact, Unpriced
from streams.journeys.deals.fields import DealFields

Value = int | Unpriced | None
# A time in which a deal was open and nothing of it changed: start, end (None: it still is), its
# fields and dimensions. Plain tuples, here and below: every event of a deal makes them all again.
Standing = tuple[int, int | None, DealFields, Dimensions]
# A time in which a deal adds a value to a level: start, end (None: for good), value, dimensions.
Span = tuple[int, int | None, Value, Dimensions]


def level_steps(spans: Iterable[Span]) -> list[Fact[int]]:
    """Give the steps of a level that has these values; spans in their order, none overlapping.

    A step is in the scopes that it changes: a deal that moves on changes no total.
    """
    steps: list[Fact[int]] = []
    end: int | None = None
    old: Value = None
    own: Dimensions | None = None
    for start, until, value, dimensions in spans:
        if end != start:
            if end is not None and isinstance(old, int):
                steps.append(Fact(end, -old, own))
            if value is not None:
                steps.append(Fact(start, value, dimensions))
        elif own is dimensions and isinstance(old, int) and isinstance(value, int):
            if value != old:
                steps.append(Fact(start, value - old, own))
        else:
            _change(steps, start, (old, own), (value, dimensions))
        end, old, own = until, value, dimensions
    if end is not None and isinstance(old, int):
        steps.append(Fact(end, -old, own))
    return steps


def _change(
    steps: list[Fact[int]],
    at: int,
    before: tuple[Value, Dimensions | None],
    after: tuple[Value, Dimensions],
) -> None:
    """Add the steps of a change of value, of dimensions, or of both."""
    (old, left), (new, entered) = before, after
    if isinstance(old, int) and isinstance(new, int) and left is not None:
        _move(steps, at, transfer(left, entered), (old, new))
        return
    if isinstance(old, int):
        steps.append(Fact(at, -old, left))
    # What has no price is counted as such once, when it comes to lack one.
    if new is not None and old is not new:
        steps.append(Fact(at, new, entered))


def _move(
    steps: list[Fact[int]],
    at: int,
    moved: tuple[Dimensions | None, Dimensions, Dimensions | None],
    values: tuple[int, int],
) -> None:
    left, kept, entered = moved
    old, new = values
    if new != old:
        steps.append(Fact(at, new - old, kept))
    if left is not None:
        steps.append(Fact(at, -old, left))
    if entered is not None:
        steps.append(Fact(at, new, entered))
