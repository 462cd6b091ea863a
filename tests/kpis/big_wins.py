"""A KPI of one's own, the one of docs/guide/add-a-kpi.md: import this file to declare it."""

from streams.engine.algebra.measures import COUNT
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Deal


@kpi("big_wins", measure=COUNT, unit="count", scopes=("rep", "team"))
def big_wins(deal: Deal) -> Fact[int] | None:
    """Deals won that are worth more than 5,000."""
    if deal.won is None:
        return None
    worth = deal.worth(deal.won)
    if isinstance(worth, int):
        return Fact(deal.won, 1) if worth > 500_000 else None
    return Fact(deal.won, worth)
