"""Is what was promised kept?"""

from streams.engine.algebra.measures import SHARE
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Order


@kpi(
    "on_time_delivery",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "product"),
    formula="orders delivered by the end of the promised day / orders delivered with a promise",
    source='on-time delivery, the "on time" of OTIF, logistics\' term',
)
def on_time_delivery(order: Order) -> Fact[bool] | None:
    """Share of orders that arrived before the promised day had ended in the reporting zone.

    Of those that arrived and had been promised for a day; cancelled orders are left out.
    """
    if order.delivered is None or order.promise_ends is None:
        return None
    return Fact(order.delivered, order.delivered < order.promise_ends)
