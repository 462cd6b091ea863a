"""Marketing: what channels, campaigns and partners cost and bring."""

from typing import Any

from streams.page.choice import Choice
from streams.page.views.card import Source, card
from streams.page.views.shown import Needs
from streams.page.views.table import Plan, table

SPEND = (
    "marketing_spend",
    "lead_count",
    "cost_per_lead",
    "close_rate",
    "revenue_won",
    "campaign_return",
)
PARTNERS = ("partner_quality", "deal_count", "revenue_won", "close_rate")
CARDS = ("marketing_spend", "lead_count", "cost_per_lead", "campaign_return")
PLANS = (
    Plan("channels", "channel", SPEND, "lead_count", order="revenue_won"),
    Plan("campaigns", "campaign", SPEND, "lead_count", order="revenue_won"),
    Plan("partners", "partner", PARTNERS, "revenue_won", order="partner_quality"),
)
ALL = "all"


def needs(choice: Choice) -> Needs:
    """Return what the view reads."""
    return Needs(
        kpis=frozenset({*SPEND, *PARTNERS}),
        scopes=frozenset({ALL}),
        dimensions=frozenset(plan.dimension for plan in PLANS),
        windows=frozenset({"day", choice.window}),
    )


def build(source: Source) -> dict[str, Any]:
    """Build the view. What is spent has no rep and no team: the cards are of the company."""
    window = source.choice.window
    return {
        "cards": [card(source, kpi, ALL, window) for kpi in CARDS if source.has(kpi)],
        "tables": [table(source, plan) for plan in PLANS],
    }
