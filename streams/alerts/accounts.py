"""Which customers may leave, or should have come back by now?"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from streams.engine.calendars.calendar import DAY_MS
from streams.engine.catalogue.alert import (
    Holds,
    Rule,
    alert,
)
from streams.journeys import Account, Order

NO_PRODUCT = "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Churn(Rule):
    """The score that is a risk is one of the definitions, since the KPI reads it too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reorder(Rule):
    """The least number of intervals between orders to predict the next one."""

    gaps: int = 2
    max_age_ms: int | None = 90 * DAY_MS


@alert(
    "churn_risk",
    template="Account {subject} may leave, going by what it has asked for since {since}.",
)
def churn_risk(account: Account, rule: Churn) -> Iterator[Holds]:  # noqa: ARG001 - its age is the engine's
    """An account may leave, going by its tickets of the last 90 days.

    Since its score last reached the threshold, until it falls below it.
    """
    since = None
    for at, step in account.risk():
        if step > 0:
            since = at
        elif since is not None:
            yield Holds(since=since, until=at, rep=account.owner)


@alert(
    "reorder_due",
    template="The next order of account {owner} ({within}) was to be expected by {since}.",
)
def reorder_due(account: Account, rule: Reorder) -> Iterator[Holds]:
    """An account has not ordered a product again although its median interval is over.

    Orders of no product are grouped under `-`; cancelled ones are left out.
    """
    of: dict[str, list[Order]] = {}
    for order in account.orders:
        of.setdefault(order.product or NO_PRODUCT, []).append(order)
    for product, orders in of.items():
        gaps: list[int] = []
        for order, following in zip_longest(orders, orders[1:]):
            until = following.placed if following else None
            # Nearest rank: of four the second.
            median = gaps[(len(gaps) - 1) // 2] if gaps else 0
            # Orders of one instant predict nothing.
            if median and len(gaps) >= rule.gaps:
                yield Holds(
                    since=order.placed + median,
                    until=until,
                    rep=account.owner or order.dimensions.values[0],
                    within=product,
                )
            if until is not None:
                insort(gaps, until - order.placed)
