"""The levels over open deals: steps up when one opens, expires or goes stale; down when closed."""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    step,
    unpriced,
)
from tests.oracle.entities.journeys import (
    Deal,
    Journey,
    Lead,
)
from tests.oracle.history.money import round_half_up

OF_PEOPLE = ("rep", "team", "department", "unit")


def pipeline_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List the steps of a subject's deals."""
    for deal in journey.deals:
        yield from steps("pipeline_count", deal, deal.created, 1, reporting)
        yield from amount_steps(deal, reporting)
        yield from weighted_steps(deal, reporting)
        yield from expiry_steps(deal, reporting)
        if deal.status == "open":
            stale = max(event.at for event in journey.events) + reporting.stale_ms
            yield from held("stale_opportunities", deal, [(stale, 1)], reporting)


def steps(kpi: str, deal: Deal, begins: int, by: int, reporting: Reporting) -> Iterator[Fact]:
    """Step up, and down again when the deal is closed."""
    down = [] if deal.closed is None else [(deal.closed, -by)]
    yield from held(kpi, deal, [(begins, by), *down], reporting)


def held(
    kpi: str, holding: Lead | Deal, steps: Sequence[tuple[int, int]], reporting: Reporting
) -> Iterator[Fact]:
    """Step for the rep of now or, by definition, for who has it then, and hand it on."""
    for at, by in steps:
        yield step(kpi, at, holding.dimensions_at(at, reporting.definitions), by)
    for at in sorted({naming.at for naming in holding.namings}):
        level = sum(by for before, by in steps if before < at)
        dimensions = [holding.dimensions_at(it, reporting.definitions) for it in (at - 1, at)]
        if level != 0 and dimensions[0]["rep"] != dimensions[1]["rep"]:
            for holder, by in zip(dimensions, (-level, level), strict=True):
                yield Fact(kpi, at, holder, {"level": by}, only_in=OF_PEOPLE)


def worth(deal: Deal, at: int, reporting: Reporting) -> int | None:
    """Convert the amount of a deal that has one; None without a rate.

    The rate is that of the instant or, by definition, that of a closed deal's end.
    """
    assert deal.amount is not None
    assert deal.currency is not None
    if reporting.definitions.conversion == "close" and deal.closed is not None:
        at = deal.closed
    return reporting.rates.minor(deal.amount, deal.currency, reporting.local_date(at))


def has_amount(deal: Deal) -> bool:
    """Tell whether the deal has an amount; one without a currency is none."""
    return deal.amount is not None and deal.currency is not None


def amount_steps(deal: Deal, reporting: Reporting) -> Iterator[Fact]:
    """The amount of the open deal, at the rate of its creation."""
    if not has_amount(deal):
        return
    minor = worth(deal, deal.created, reporting)
    if minor is None:
        yield unpriced("pipeline_amount", deal.created)
    else:
        yield from steps("pipeline_amount", deal, deal.created, minor, reporting)


def weighted_steps(deal: Deal, reporting: Reporting) -> Iterator[Fact]:
    """The same times the probability: the deal's own, else its stage's, else it is left out."""
    stage = deal.dimensions["stage"]
    if deal.probability is not None:
        probability = Fraction(deal.probability)
    elif stage is not None and stage in reporting.stage_probability:
        probability = reporting.stage_probability[stage]
    else:
        return
    if not has_amount(deal):
        return
    minor = worth(deal, deal.created, reporting)
    if minor is None:
        yield unpriced("pipeline_weighted", deal.created)
    else:
        weighted = round_half_up(minor * probability)
        yield from steps("pipeline_weighted", deal, deal.created, weighted, reporting)


def expiry_steps(deal: Deal, reporting: Reporting) -> Iterator[Fact]:
    """The amount of a deal still open when its expected day of closing is over."""
    if deal.expected_close is None or not has_amount(deal):
        return
    over = reporting.calendar.day_end(date.fromisoformat(deal.expected_close))
    begins = max(deal.created, over)
    if deal.closed is not None and deal.closed <= begins:
        return
    minor = worth(deal, begins, reporting)
    if minor is None:
        yield unpriced("expired_pipeline", begins)
    else:
        yield from steps("expired_pipeline", deal, begins, minor, reporting)
