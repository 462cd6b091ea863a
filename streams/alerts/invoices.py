"""Which money is late?"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from streams.engine.catalogue.alert import (
    Holds,
    Rule,
    alert,
)
from streams.journeys import Invoice


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdue(Rule):
    """No part of an invoice may be unpaid once its due day has ended."""


@alert(
    "invoice_overdue",
    template="Account {owner} still owes {amount} of invoice {within}, overdue since {since}.",
)
def invoice_overdue(invoice: Invoice, rule: Overdue) -> Iterator[Holds]:  # noqa: ARG001 - its age is the engine's
    """A part of an invoice is unpaid although its due day has ended in the reporting zone.

    The amount is the unpaid part; until that is zero.
    """
    if not invoice.is_owed:
        return
    steps = list(invoice.unpaid())
    since = None
    for (at, unpaid), following in zip_longest(steps, steps[1:]):
        if unpaid == 0:
            since = None
            continue
        since = at if since is None else since
        yield Holds(
            since=since,
            start=at,
            until=following[0] if following else None,
            rep=invoice.dimensions.values[0],
            amount=unpaid,
            within=invoice.name,
        )
