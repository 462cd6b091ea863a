"""Orders of an account: placed, promised, delivered."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct

from streams.engine.aggregate.entry import Entry, latest
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions
from streams.events import (
    OrderCancelled,
    OrderDelivered,
    OrderPlaced,
)


class Order(Struct, frozen=True, gc=False):
    """An order that is not cancelled; instants in ms, None where there is none.

    Placed again after it was cancelled it lives again; it was placed when it first was since then.
    `promise_ends` is the end of the promised day in the reporting zone.
    """

    name: str
    placed: int
    delivered: int | None
    promise_ends: int | None
    product: str
    dimensions: Dimensions


def orders(
    entries: Sequence[Entry], usual: Dimensions, context: EvaluationContext
) -> Iterator[Order]:
    """Give an account's orders, earliest first, those of one instant by name.

    `usual` are the account's dimensions with its rep, whose an order is that names none.
    """
    # Since the last cancellation.
    placed: dict[str, list[Entry]] = {}
    delivered: dict[str, int] = {}
    for entry in entries:
        event = entry.event
        if isinstance(event, OrderPlaced):
            placed.setdefault(event.order, []).append(entry)
        elif isinstance(event, OrderDelivered):
            delivered.setdefault(event.order, entry.at)
        elif isinstance(event, OrderCancelled):
            placed.pop(event.order, None)
    for at, name in sorted((own[0].at, name) for name, own in placed.items()):
        own = placed[name]
        last: OrderPlaced = own[-1].event  # type: ignore[assignment]  # see above
        # Nearly all name these in their last placing.
        rep, product = last.rep or latest(own, "rep"), last.product or latest(own, "product")
        promised = last.promised or _promised(own)
        yield Order(
            name,
            at,
            delivered.get(name),
            context.calendar.end_of(promised) if promised else None,
            product,
            usual.with_rep_and_product(rep or usual.values[0], product),
        )


def _promised(placed: Sequence[Entry]) -> date | None:
    """Give the day that was promised last."""
    days = [
        entry.event.promised
        for entry in placed
        if isinstance(entry.event, OrderPlaced) and entry.event.promised is not None
    ]
    return days[-1] if days else None
