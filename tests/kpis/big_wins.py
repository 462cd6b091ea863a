"""A KPI of one's own, as the documentation shows it: import this file and the catalogue has it."""

from streams.engine.algebra.measures import COUNT
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Deal


@kpi(
    "big_wins",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of deals won above 5,000",
    source="our own",
)
def big_wins(deal: Deal) -> Fact[int] | None:
    """Deals won that are worth more than 5,000."""
    if deal.won is None:
        return None
    worth = deal.worth(deal.won)
    if isinstance(worth, int):
        return Fact(deal.won, 1) if worth > 500_000 else None
    return Fact(deal.won, worth)
