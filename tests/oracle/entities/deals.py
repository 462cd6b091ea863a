"""Deals won and lost, how they came about and what they were worth."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tests.oracle.entities.deal import Deal
from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    count,
    labelled,
    mean,
    share,
    unpriced,
)
from tests.oracle.entities.journeys import Journey, is_outbound
from tests.oracle.entities.pipeline import worth
from tests.oracle.history.events import Event, latest
from tests.oracle.history.money import minor_digits

MEDIUM_FROM = 1_000
LARGE_FROM = 10_000
MOST_CONTACTS = 12


def deal_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's deals add to the KPIs of selling."""
    for deal in journey.deals:
        yield from cohort_facts(deal, reporting)
        if deal.won is not None:
            yield from win_facts(journey, deal, deal.won, reporting)
            yield from won_amount_facts(deal, deal.won, reporting)
        if deal.lost is not None:
            dimensions = deal.dimensions_at(deal.lost, reporting.definitions)
            reason = latest(deal.run, "reason") or "unknown"
            yield labelled("lost_reasons", deal.lost, dimensions, reason)
        if deal.closed is not None:
            yield from closing_facts(deal, deal.closed, reporting)


def cohort_facts(deal: Deal, reporting: Reporting) -> Iterator[Fact]:
    """What counts at the deal's creation."""
    is_won = deal.won is not None
    dimensions = deal.dimensions_at(deal.created, reporting.definitions)
    yield share("deal_conversion", deal.created, dimensions, is_won)
    yield share("funnel_realisation", deal.created, dimensions, is_won)
    yield from priced(
        "funnel_realisation_value",
        deal.created,
        deal,
        reporting,
        lambda it: {"numerator": it if is_won else 0, "denominator": it},
    )
    yield from priced(
        "pipeline_created", deal.created, deal, reporting, lambda it: {"sum": it, "count": 1}
    )


def win_facts(journey: Journey, deal: Deal, won: int, reporting: Reporting) -> Iterator[Fact]:
    """What a win counts for, whatever it is worth."""
    dimensions = deal.dimensions_at(won, reporting.definitions)
    yield count("deal_count", won, dimensions)
    contacts = len([touch for touch in journey.touches if touch.at < won])
    label = str(contacts) if contacts < MOST_CONTACTS else f"{MOST_CONTACTS}+"
    yield labelled("wins_by_contact", won, dimensions, label)
    begun = min(deal.created, journey.lead.created) if journey.lead else deal.created
    yield mean("cycle_time", won, dimensions, won - begun)
    win = {"numerator": 1, "denominator": 0}
    yield Fact("contact_quality", won, dimensions, win)
    if any(is_outbound(event) and event.fields.get("cold") for event in journey.events):
        yield Fact("cold_call_yield", won, dimensions, win)
    material = [it.at for it in journey.of_type("activity.logged") if is_collateral(it)]
    had_material = any(at < won for at in material)
    yield share("collateral_in_wins", won, dimensions, had_material)


def is_collateral(activity: Event) -> bool:
    """Whether something was handed out."""
    return bool(activity.fields["kind"] == "collateral")


def won_amount_facts(deal: Deal, won: int, reporting: Reporting) -> Iterator[Fact]:
    """What the amount of a win counts for."""
    digits = minor_digits(reporting.rates.currency)
    yield from priced("revenue_won", won, deal, reporting, lambda it: {"sum": it})
    yield from priced("deal_size", won, deal, reporting, lambda it: {"sum": it, "count": 1})
    yield from priced("deal_size_mix", won, deal, reporting, lambda it: {size_label(it, digits): 1})


def size_label(minor: int, digits: int) -> str:
    """The size of an amount in minor units."""
    if minor < MEDIUM_FROM * 10**digits:
        return "small"
    return "medium" if minor < LARGE_FROM * 10**digits else "large"


def closing_facts(deal: Deal, closed: int, reporting: Reporting) -> Iterator[Fact]:
    """What a win or a loss counts for, when it is closed or, by definition, when it was created."""
    is_won = deal.status == "won"
    by_creation = reporting.definitions.close_rate_by == "creation"
    at = deal.created if by_creation else closed
    dimensions = deal.dimensions_at(at, reporting.definitions)
    parts = {"hits": int(is_won), "total": 1}
    yield Fact("close_rate", at, dimensions, parts, since=closed)
    found = priced(
        "close_rate_value",
        at,
        deal,
        reporting,
        lambda it: {"numerator": it if is_won else 0, "denominator": it},
        before=deal.lost if reporting.definitions.lost_amount == "open" else None,
    )
    for fact in found:
        yield replace(fact, since=closed)


def priced(
    kpi: str,
    at: int,
    deal: Deal,
    reporting: Reporting,
    parts: Callable[[int], Mapping[str, int]],
    before: int | None = None,
) -> Iterator[Fact]:
    """The fact of the deal's amount: none without an amount, unpriced without a price.

    It is the amount of now or, where it had one, that before an instant.
    """
    then = [change for change in deal.changes if before is not None and change.at < before]
    amount = latest(then, "amount") or deal.value("amount")
    currency = latest(then, "currency") or deal.value("currency")
    if amount is None:
        return
    minor = worth(deal, amount, currency, at, reporting)
    if minor is None:
        yield unpriced(kpi, at)
    else:
        yield Fact(kpi, at, deal.dimensions_at(at, reporting.definitions), parts(minor))
