"""Do quotes become orders, and what was asked for that could not be sold?"""

from streams.engine.algebra.measures import COUNTS, SHARE
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Quote

QUOTING = ("rep", "team", "product")


@kpi(
    "quote_to_order",
    measure=SHARE,
    unit="ratio",
    scopes=QUOTING,
    formula="quotes now ordered / quotes sent",
    source="quote-to-order conversion rate, the trade's term",
)
def quote_to_order(quote: Quote) -> Fact[bool] | None:
    """Share of the quotes sent in the window that are orders by now."""
    return None if quote.sent is None else Fact(quote.sent, quote.is_ordered)


@kpi(
    "unmet_demand",
    measure=COUNTS,
    unit="count",
    scopes=QUOTING,
    better="lower",
    formula="count of rejected quotes, by what was wanted",
    source="unmet demand, the trade's term",
)
def unmet_demand(quote: Quote) -> Fact[str] | None:
    """Rejected quotes by what was wanted and could not be had, `unknown` where nobody said."""
    return None if quote.rejected is None else Fact(quote.rejected, quote.unmet_demand or "unknown")
