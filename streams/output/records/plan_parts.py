"""The parts of records about pay and plan: what a rep or a manager can go through by hand."""

from typing import Annotated

from msgspec import Meta, Struct, field

from streams.output.records.kpi_record import SumParts

Exact = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]+((\.|/)[0-9]+)?$",
        description="an exact number: a decimal, or `n/d` where that would never end",
        examples=["1234.5", "4/3"],
    ),
]


class TierTrace(Struct):
    """One tier: what fell in it, and what that pays."""

    start: Exact = field(name="from")
    rate: Exact
    amount: Exact
    part: Annotated[Exact, Meta(description="amount times rate")]


class PayTrace(Struct):
    """What one rule pays, step by step, in major units of money and the KPI's own unit."""

    rule: str
    kpi: str
    scope: Annotated[dict[str, str], Meta(description="whose value is paid for")]
    base: Annotated[Exact, Meta(description="what the KPI comes to")]
    tiers: list[TierTrace]
    attainment: Exact | None
    times: Annotated[Exact, Meta(description="of the accelerator that the attainment reaches")]
    earned: Annotated[Exact, Meta(description="the sum of the parts, times `times`")]
    cap: Exact | None
    capped: bool
    paid: Annotated[str, Meta(description="rounded half up to a minor unit, at most the cap")]
    share: Exact
    sum: Annotated[int, Meta(description="the rep's share of what is paid, in minor units")]


class CommissionParts(Struct):
    """What all rules together pay, in minor units, and how each came to its sum."""

    sum: int
    trace: list[PayTrace]


class OpenStage(Struct):
    """The open deals of a stage that are due in the window, and what its closed deals did."""

    sum: int
    count: Annotated[int, Meta(ge=1)]
    won: Annotated[int, Meta(ge=0)]
    closed: Annotated[int, Meta(ge=0)]


class ForecastParts(Struct):
    """What is won, and what is open by stage; money in minor units.

    A stage counts at `won / closed`, or where too few are closed at the rate that is set. The 100
    stages with most open deals, and what the others sum up to as `other`.
    """

    revenue_won: SumParts
    open: dict[str, OpenStage]


PLAN_PARTS: dict[str, type[Struct]] = {"forecast": ForecastParts, "commission": CommissionParts}
