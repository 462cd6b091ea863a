"""Today: what needs somebody now, and eight numbers."""

from typing import Any

from streams.page.choice import Choice
from streams.page.views.alerts import counts_business_hours, group
from streams.page.views.card import Card, Source, card
from streams.page.views.shown import Needs

DAY = "day"
# Plans are made for these.
PLANNED = ("month", "quarter", "year")
CHOSEN = (
    "response_time",
    "response_within_hour",
    "followup_contacts",
    "call_count",
    "close_rate",
)
LEVEL, WON, REVENUE, CONNECTED = "pipeline_amount", "deal_count", "revenue_won", "connect_rate"
OTHER_ALERTS = (
    "lead_one_touch",
    "opportunity_stale",
    "opportunity_expired",
    "invoice_overdue",
    "target_off_pace",
)
SHORT = 4


def scope_of(choice: Choice) -> str:
    """Return the scope of the cards: the rep of a rep's page, else the chosen one."""
    return choice.scope if choice.rep is None else f"rep={choice.rep}"


def plan_window(choice: Choice) -> str:
    """Return the window of revenue against plan: the chosen one where plans are made for it."""
    return choice.window if choice.window in PLANNED else "month"


def needs(choice: Choice) -> Needs:
    """Return what the view reads."""
    return Needs(
        kpis=frozenset({*CHOSEN, LEVEL, WON, REVENUE, CONNECTED}),
        scopes=frozenset({scope_of(choice)}),
        dimensions=frozenset(),
        windows=frozenset({DAY, choice.window, plan_window(choice)}),
    )


def cards(source: Source) -> list[Card]:
    """Build the eight cards; those that the company does not count are left out."""
    choice, scope = source.choice, scope_of(source.choice)
    found = [
        card(source, kpi, scope, choice.window, is_hero=place < 2)
        for place, kpi in enumerate(CHOSEN)
        if source.has(kpi)
    ]
    found = [_with_connected(source, each, scope) for each in found]
    if source.has(WON):
        found.insert(4, card(source, WON, scope, DAY))
    if source.has(LEVEL):
        found.append(card(source, LEVEL, scope, choice.window))
    if source.has(REVENUE):
        found.append(card(source, REVENUE, scope, plan_window(choice)))
    return found


def _with_connected(source: Source, found: Card, scope: str) -> Card:
    """Say beside the calls how many reached somebody."""
    if found.kpi != "call_count" or not source.has(CONNECTED):
        return found
    shown = source.shown(CONNECTED, scope, source.choice.window)
    return found._replace(parts=source.text("card.connected", share=shown.text))


def build(source: Source) -> dict[str, Any]:
    """Build the view."""
    is_business = counts_business_hours(source)
    return {
        "leads": group(source, "lead_unanswered"),
        "leads_note": source.text("today.overdue_for" if is_business else "today.waiting"),
        "others": [group(source, kind, most=SHORT) for kind in OTHER_ALERTS],
        "cards": cards(source),
    }
