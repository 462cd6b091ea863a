"""What does it cost to be known?"""

from streams.engine.algebra.measures import SUM
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Spend


@kpi(
    "marketing_spend",
    measure=SUM,
    unit="money",
    scopes=("channel", "media", "campaign"),
    better="lower",
    formula="sum of spend",
    source="marketing spend, the trade's term",
)
def marketing_spend(spend: Spend) -> Fact[int]:
    """Money spent on marketing, at the rate of the day it was spent."""
    return Fact(spend.at, spend.worth)
