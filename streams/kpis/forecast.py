"""What will running windows come to?"""

from collections.abc import Iterator, Mapping

from streams.engine.algebra.measures import (
    COUNTS,
    HITS,
    LABEL,
    SHARES,
    Labelled,
    Vector,
)
from streams.engine.algebra.money import exact, major
from streams.engine.catalogue.declare_derived import make
from streams.engine.catalogue.definitions import Definitions
from streams.engine.catalogue.derived import (
    Derived,
    FormulaContext,
    KpiValue,
)
from streams.engine.catalogue.kpi import (
    Fact,
    declared,
    kpi,
)
from streams.engine.plans.forecast import (
    Due,
    WinRate,
    expected,
    likely,
    win_rate,
)
from streams.journeys import Deal

WINDOWS = ("week", "month", "quarter", "year")
TEXT = (
    "What the window will come to: revenue won so far, and open deals due in it at the win rate"
    " that their stage has had.\n\n"
    "In 8 of 10 cases it will lie between p10 and p90. A stage without enough closed deals has"
    " the rate that is set for it, or else its deals are left out."
)


@kpi(
    "open_deals_due",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    hidden=True,
    formula="count of open deals with a stage and an expected close, by amount and stage",
    source="ingredient of forecast",
)
def open_deals_due(deal: Deal) -> Fact[str] | None:
    """Open deals by amount and stage, on the day they are expected to close."""
    if deal.closed is not None or deal.expected_close is None or not deal.stage:
        return None
    worth = deal.worth(deal.created)
    if not isinstance(worth, int):
        return None
    day = deal.expected_close.toordinal()
    return Fact(deal.context.calendar.start_of(day), f"{worth}|{deal.stage}", since=deal.created)


@kpi(
    "closed_by_stage",
    measure=SHARES,
    unit="ratio",
    scopes=(),
    hidden=True,
    all_time=True,
    broadcast_to=("rep",),
    formula="deals won / (deals won + deals lost), by stage ever entered",
    source="win rate by stage, the trade's term",
)
def closed_by_stage(deal: Deal) -> Iterator[Fact[Labelled]]:
    """Share of deals won, of those won or lost, by each stage that they were ever in."""
    if deal.closed is not None:
        for stage in deal.stage_entries:
            yield Fact(deal.closed, Labelled(stage, deal.won is not None))


def forecast(definitions: Definitions, floor: int, seed: str) -> Derived:
    """Give the forecast under definitions, a floor for the sample of win rates, and a seed."""
    return make(
        "forecast",
        "money",
        ("rep", "team"),
        ("revenue_won", "open_deals_due"),
        Forecast(definitions, floor, seed).evaluate,
        TEXT,
        {kpi.name: kpi for kpi in declared()},
        formula="revenue_won + sum of (open deals due in the window × win rate of their stage)",
        source="weighted pipeline forecast by historical win rates, the trade's term",
        kinds=WINDOWS,
        history=("closed_by_stage",),
        is_running_only=True,
        is_expensive=True,
        percentiles=("p10", "p90"),
    )


class Forecast:
    """The formula of the forecast; each evaluation is of one scope and one window."""

    def __init__(self, definitions: Definitions, floor: int, seed: str) -> None:
        self._currency = definitions.currency
        self._stage_probability = definitions.stage_probability
        self._floor = floor
        self._seed = seed

    def evaluate(self, context: FormulaContext) -> KpiValue:
        """Add the open deals that are due to the revenue won so far."""
        history = context.all_time("closed_by_stage")
        revenue = context.vector("revenue_won").get("sum", 0)
        stages: dict[str, Due] = {}
        parts: dict[str, Mapping[str, int]] = {}
        # In a window that has ended nothing is due any more.
        due = context.vector("open_deals_due") if context.is_running else {}
        for stage, amounts in sorted(_by_stage(due).items()):
            rate = self._win_rate(stage, history)
            if rate is not None:
                stages[stage] = Due(amounts, rate)
                parts[stage] = {
                    "sum": sum(amounts),
                    "count": len(amounts),
                    "won": history.get(HITS + stage, 0),
                    "closed": history.get(LABEL + stage, 0),
                }
        return KpiValue(
            (expected(revenue, stages.values()), 1),
            {"revenue_won": {"sum": revenue}, "open": parts},
            lambda: self._percentiles(context.key, revenue, stages),
        )

    def _percentiles(self, key: str, revenue: int, stages: Mapping[str, Due]) -> Mapping[str, str]:
        low, high = likely(self._seed, key, revenue, stages)
        return {"p10": major(low, self._currency), "p90": major(high, self._currency)}

    def _win_rate(self, stage: str, history: Vector) -> WinRate | None:
        configured = self._stage_probability.get(stage)
        return win_rate(
            history.get(HITS + stage, 0),
            history.get(LABEL + stage, 0),
            self._floor,
            None if configured is None else exact(configured),
        )


def _by_stage(due: Vector) -> dict[str, list[int]]:
    """Give the amounts of each stage's deals."""
    found: dict[str, list[int]] = {}
    for name, times in due.items():
        if name.startswith(LABEL):
            amount, _, stage = name.removeprefix(LABEL).partition("|")
            found.setdefault(stage, []).extend([int(amount)] * times)
    return found
