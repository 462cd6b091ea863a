"""What will running windows come to?"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from streams.engine.algebra.measures import (
    COUNTS,
    HITS,
    LABEL,
    OTHER,
    SHARES,
    SHOWN_LABELS,
    Labelled,
    Vector,
    largest,
)
from streams.engine.algebra.money import Exact, exact, major
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
from streams.events.labels import join_names, split_names
from streams.journeys import Deal
from streams.journeys.deals.deal import written

WINDOWS = ("week", "month", "quarter", "year")
TEXT = (
    "What the window will come to: revenue won so far, and open deals due in it at the win rate"
    " that their stage has had.\n\n"
    "In 8 of 10 cases it will lie between p10 and p90. In a stage without enough closed deals each"
    " deal has its own probability, else the one that is set for the stage, or else is left out."
)

NAME = "forecast"


@kpi(
    "open_deals_due",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    hidden=True,
    formula="count of open deals with an expected close, by amount, probability and stage",
    source="ingredient of forecast",
)
def open_deals_due(deal: Deal) -> Fact[str] | None:
    """Open deals by amount, own probability and stage, on the day they are expected to close."""
    fields = deal.fields
    if deal.closed is not None or fields.expected_close is None:
        return None
    worth = deal.worth(deal.created)
    if not isinstance(worth, int):
        return None
    own = "" if fields.probability is None else _text(fields.probability)
    label = f"{worth}|{own}|{stage_label(fields.pipeline or '', fields.stage or '')}"
    day = fields.expected_close.toordinal()
    return Fact(deal.context.calendar.start_of(day), label, since=deal.created)


@kpi(
    "closed_by_stage",
    measure=SHARES,
    unit="ratio",
    scopes=(),
    hidden=True,
    all_time=True,
    broadcast_to=("rep",),
    formula="deals won / (deals won + deals lost), by pipeline and stage ever entered",
    source="win rate by stage, the trade's term",
)
def closed_by_stage(deal: Deal) -> Iterator[Fact[Labelled]]:
    """Share of deals won, of those won or lost, by each stage that they were ever in."""
    if deal.closed is not None:
        for pipeline, stage in deal.stood_in:
            label = stage_label(pipeline, stage)
            yield Fact(deal.closed, Labelled(label, deal.won is not None))


@lru_cache(maxsize=10_000)
def _text(probability: float) -> str:
    return "/".join(map(str, written(probability)))


@lru_cache(maxsize=10_000)
def stage_label(pipeline: str, stage: str) -> str:
    """Write a stage of a pipeline as one text; a `/` inside a name is `%2F`.

    A deal without a stage has an empty one.
    """
    return join_names(pipeline, stage) if pipeline and stage else join_names(stage)


def stage_of(label: str) -> tuple[str, str]:
    """Read pipeline and stage from what `stage_label` wrote."""
    *pipeline, stage = split_names(label)
    return "".join(pipeline), stage


def forecast(definitions: Definitions, floor: int, seed: str) -> Derived:
    """Give the forecast under definitions, a floor for the sample of win rates, and a seed."""
    return make(
        NAME,
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
        self._definitions = definitions
        self._floor = floor
        self._seed = seed

    def evaluate(self, context: FormulaContext) -> KpiValue:
        """Add the open deals that are due to the revenue won so far."""
        history = context.all_time("closed_by_stage")
        revenue = context.vector("revenue_won").get("sum", 0)
        stages: dict[str, dict[WinRate, list[int]]] = {}
        # In a window that has ended nothing is due any more.
        due = context.vector("open_deals_due") if context.is_running else {}
        for stage, own, amounts in _open_deals(due):
            rate = self._win_rate(stage, own, history)
            if rate is not None:
                stages.setdefault(stage, {}).setdefault(rate, []).extend(amounts)
        groups = {
            stage: [Due(amounts, rate) for rate, amounts in sorted(rates.items())]
            for stage, rates in sorted(stages.items())
        }
        parts = {stage: _parts(stage, deals, history) for stage, deals in groups.items()}
        return KpiValue(
            (expected(revenue, groups.values()), 1),
            {"revenue_won": {"sum": revenue}, "open": _largest(parts)},
            lambda: self._percentiles(context.key, revenue, groups),
        )

    def _percentiles(
        self, key: str, revenue: int, groups: Mapping[str, Sequence[Due]]
    ) -> Mapping[str, str]:
        # Deals of a stage that have probabilities of their own are sampled apart.
        stages = {
            stage if len(deals) == 1 else f"{stage}|{due.rate.won}/{due.rate.closed}": due
            for stage, deals in groups.items()
            for due in deals
        }
        low, high = likely(self._seed, key, revenue, stages)
        currency = self._definitions.currency
        return {"p10": major(low, currency), "p90": major(high, currency)}

    def _win_rate(self, stage: str, own: str, history: Vector) -> WinRate | None:
        pipeline, name = stage_of(stage)
        configured = self._definitions.stages_of(pipeline).probability.get(name)
        return win_rate(
            history.get(HITS + stage, 0),
            history.get(LABEL + stage, 0),
            self._floor,
            Exact(*map(int, own.split("/"))) if own else None,
            None if configured is None else exact(configured),
        )


def _open_deals(due: Vector) -> Iterator[tuple[str, str, list[int]]]:
    """Give stage, own probability and amounts of open deals."""
    for name, times in sorted(due.items()):
        if name.startswith(LABEL):
            amount, own, stage = name.removeprefix(LABEL).split("|", 2)
            yield stage, own, [int(amount)] * times


def _parts(stage: str, deals: Sequence[Due], history: Vector) -> Mapping[str, int]:
    amounts = [amount for due in deals for amount in due.amounts]
    return {
        "sum": sum(amounts),
        "count": len(amounts),
        "won": history.get(HITS + stage, 0),
        "closed": history.get(LABEL + stage, 0),
    }


def _largest(parts: Mapping[str, Mapping[str, int]]) -> Mapping[str, Mapping[str, int]]:
    """Give the parts of the stages with most open deals, and what all others sum up to."""
    if len(parts) <= SHOWN_LABELS:
        return parts
    names = {*largest((stage, each["count"]) for stage, each in parts.items())}
    found = {stage: each for stage, each in parts.items() if stage in names}
    rest = [each for stage, each in parts.items() if stage not in names or stage == OTHER]
    return {**found, OTHER: {name: sum(each[name] for each in rest) for name in rest[0]}}
