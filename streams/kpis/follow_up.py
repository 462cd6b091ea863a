"""How hard do reps try, and what does it bring?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import (
    COUNT,
    COUNTS,
    MEAN,
    RATIO,
    SHARE,
    Fraction,
)
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import (
    Call,
    Deal,
    Journey,
    Lead,
)

LAST_CONTACT = 12
WON = Fraction(1, 0)
CALLED = Fraction(0, 1)


@kpi(
    "call_count",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team", "department", "unit"),
    hourly=True,
    formula="count of outbound calls",
    source="call volume, the trade's term",
)
def call_count(call: Call) -> Fact[int] | None:
    """Outbound calls, answered or not."""
    return Fact(call.at, 1) if call.is_outbound else None


@kpi(
    "connect_rate",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team"),
    formula="outbound calls connected / outbound calls",
    source="connect rate, the trade's term",
)
def connect_rate(call: Call) -> Fact[bool] | None:
    """Share of outbound calls that reached somebody."""
    return Fact(call.at, call.is_connected) if call.is_outbound else None


@kpi(
    "followup_contacts",
    measure=MEAN,
    unit="count",
    scopes=("rep", "team", "channel"),
    formula="human touches / leads created",
    source="contact attempts per lead, the trade's term",
)
def followup_contacts(lead: Lead) -> Fact[int]:
    """How often a lead is called or written to by a person, on average over leads created."""
    return Fact(lead.created, len(lead.touches))


@kpi(
    "single_touch_share",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team"),
    better="lower",
    formula="leads with exactly 1 human touch / leads with at least 1",
    source="the contract",
)
def single_touch_share(lead: Lead) -> Fact[bool] | None:
    """Share of touched leads that were touched once and never again."""
    return Fact(lead.created, len(lead.touches) == 1) if lead.touches else None


@kpi(
    "wins_by_contact",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    formula="count of won deals, by human touches before the win",
    source="the contract",
)
def wins_by_contact(deal: Deal) -> Fact[str] | None:
    """Won deals by the number of human touches before the win, `12+` for twelve and more."""
    if deal.won is None:
        return None
    touches = deal.touches_before_win
    return Fact(deal.won, str(touches) if touches < LAST_CONTACT else f"{LAST_CONTACT}+")


@kpi(
    "contact_quality",
    measure=RATIO,
    unit="per_1000",
    scopes=("rep", "team", "department"),
    formula="1000 × deals won / outbound calls",
    source="call-to-win ratio, the trade's term",
)
def contact_quality(journey: Journey) -> Iterator[Fact[Fraction]]:
    """Deals won per 1,000 outbound calls, both in the window."""
    for deal in journey.deals:
        if deal.won is not None:
            yield Fact(deal.won, WON, deal.dimensions_at(deal.won))
    for call in journey.calls:
        if call.is_outbound:
            yield Fact(call.at, CALLED, call.dimensions)


@kpi(
    "cold_call_yield",
    measure=RATIO,
    unit="per_1000",
    scopes=("rep", "team", "department"),
    formula="1000 × deals won after a cold call / outbound cold calls",
    source="cold call conversion rate, the trade's term",
)
def cold_call_yield(journey: Journey) -> Iterator[Fact[Fraction]]:
    """Deals won where there had been a cold call, per 1,000 outbound cold calls."""
    if not journey.had_cold_call:
        return
    for deal in journey.deals:
        if deal.won is not None:
            yield Fact(deal.won, WON, deal.dimensions_at(deal.won))
    for call in journey.calls:
        if call.is_outbound and call.is_cold:
            yield Fact(call.at, CALLED, call.dimensions)
