"""Money spent on marketing."""

from msgspec import Struct

from streams.engine.aggregate.entry import Entry
from streams.engine.algebra.money import Money
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.engine.catalogue.kpi import UNPRICED, Unpriced
from streams.events import SpendRecorded


class Spend(Struct, frozen=True, gc=False):
    """One spend, in minor units at the rate of its date."""

    at: int
    worth: int | Unpriced
    dimensions: Dimensions


def spend(entry: Entry, context: EvaluationContext) -> Spend:
    """Read a spend from its record."""
    record = entry.event
    assert isinstance(record, SpendRecorded)  # noqa: S101 - for the type checker: its set holds nothing else
    minor = context.rates.priced(
        Money(record.amount, record.currency), context.calendar.day(entry.at)
    )
    return Spend(
        entry.at,
        UNPRICED if minor is None else minor,
        dimensions("", record.channel or "", record.media or "", record.campaign or ""),
    )
