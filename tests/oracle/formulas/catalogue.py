"""The KPIs: how each is measured, in what unit, and for which dimensions it is published."""

from dataclasses import dataclass

from tests.oracle.history.windows import CALENDAR_KINDS, ROLLING_DAYS

SELLING = (
    "rep",
    "team",
    "department",
    "unit",
    "channel",
    "media",
    "campaign",
    "partner",
    "product",
    "pipeline",
)
ANSWERING = ("rep", "team", "department", "unit", "channel", "campaign")
LEADING = ("rep", "team", "channel", "media", "campaign", "partner")
PIPELINE = (
    *("rep", "team", "department", "unit", "channel", "partner", "product"),
    *("pipeline", "stage"),
)
PEOPLE = ("rep", "team")
KINDS = (*CALENDAR_KINDS, *ROLLING_DAYS)
OFFERING = ("rep", "team", "product")
MARKETING = ("channel", "media", "campaign")
OWING = ("rep", "team", "account")


@dataclass(frozen=True)
class Kpi:
    """One KPI; `unit` is "money" for the reporting currency's money.

    `kinds` are the windows it is published for, beside the hours where it is hourly.
    """

    measure: str
    unit: str
    scopes: tuple[str, ...]
    has_percentiles: bool = False
    is_hourly: bool = False
    ingredients: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    is_for_all: bool = True

    def has_scope(self, scope: tuple[str, str] | None) -> bool:
        """Whether it is published for such a scope."""
        return self.is_for_all if scope is None else scope[0] in self.scopes

    @property
    def is_money(self) -> bool:
        """Whether its values are money."""
        return self.unit.startswith("money")

    @property
    def is_level(self) -> bool:
        """Whether it is a stock at an instant."""
        return self.measure in ("level", "level_ratio")

    @property
    def adds_up_over_time(self) -> bool:
        """Whether half a window's worth is half of it.

        Not so for rates and for stocks, nor for a forecast, which is of the whole window.
        """
        return self.measure in ("count", "sum", "counts")


LOW_IS_BETTER = (
    *("response_time", "unanswered_leads", "single_touch_share", "cycle_time"),
    *("expired_pipeline", "stale_opportunities", "lost_reasons", "unmet_demand"),
    *("marketing_spend", "cost_per_lead", "cost_per_opportunity"),
    *("complaints", "churn_risk", "reorder_interval"),
    *("receivables", "overdue", "days_to_pay", "unpriced_facts"),
)
KPIS = {
    "response_time": Kpi("mean", "ms", ANSWERING, has_percentiles=True, is_hourly=True),
    "response_within_hour": Kpi("share", "ratio", ANSWERING),
    "unanswered_leads": Kpi("level", "count", ("rep", "team", "channel")),
    "call_count": Kpi("count", "count", ("rep", "team", "department", "unit"), is_hourly=True),
    "connect_rate": Kpi("share", "ratio", PEOPLE),
    "followup_contacts": Kpi("mean", "count", ("rep", "team", "channel")),
    "single_touch_share": Kpi("share", "ratio", PEOPLE),
    "wins_by_contact": Kpi("counts", "count", PEOPLE),
    "contact_quality": Kpi("ratio", "per_1000", ("rep", "team", "department")),
    "cold_call_yield": Kpi("ratio", "per_1000", ("rep", "team", "department")),
    "email_link_share": Kpi("share", "ratio", PEOPLE),
    "email_clicks": Kpi("count", "count", PEOPLE),
    "email_click_rate": Kpi("share", "ratio", PEOPLE),
    "social_activity": Kpi("count", "count", PEOPLE),
    "meetings": Kpi("count", "count", PEOPLE),
    "presentations": Kpi("count", "count", PEOPLE),
    "collateral_use": Kpi("counts", "count", PEOPLE),
    "collateral_in_wins": Kpi("share", "ratio", PEOPLE),
    "deal_count": Kpi("count", "count", SELLING),
    "revenue_won": Kpi("sum", "money", SELLING),
    "deal_size": Kpi("mean", "money", SELLING),
    "deal_size_mix": Kpi("counts", "count", PEOPLE),
    "close_rate": Kpi("share", "ratio", SELLING),
    "close_rate_value": Kpi("ratio", "ratio", SELLING),
    "lead_conversion": Kpi("share", "ratio", LEADING),
    "deal_conversion": Kpi("share", "ratio", SELLING),
    "cycle_time": Kpi(
        "mean", "ms", ("rep", "team", "channel", "partner", "product"), has_percentiles=True
    ),
    "pipeline_amount": Kpi("level", "money", PIPELINE),
    "pipeline_count": Kpi("level", "count", PIPELINE),
    "pipeline_weighted": Kpi("level", "money", ("rep", "team", "stage")),
    "expired_pipeline": Kpi("level", "money", ("rep", "team", "partner")),
    "stale_opportunities": Kpi("level", "count", PEOPLE),
    "pipeline_created": Kpi("mean", "money", ("rep", "team", "channel", "partner")),
    "stage_entries": Kpi("counts", "count", PEOPLE),
    "stage_conversion": Kpi("share", "ratio", ("team", "stage")),
    "funnel_realisation": Kpi("share", "ratio", OFFERING),
    "funnel_realisation_value": Kpi("ratio", "ratio", OFFERING),
    "lost_reasons": Kpi("counts", "count", OFFERING),
    "unmet_demand": Kpi("counts", "count", OFFERING),
    "quote_to_order": Kpi("share", "ratio", OFFERING),
    "advance_rate": Kpi("shares", "ratio", ("team",)),
    "lead_count": Kpi("count", "count", LEADING, is_hourly=True),
    "qualified_leads": Kpi("count", "count", ("rep", "team", "channel", "campaign")),
    "handover_rate": Kpi("share", "ratio", ("rep", "team", "channel", "campaign")),
    "marketing_spend": Kpi("sum", "money", MARKETING),
    "response_rate": Kpi("share", "ratio", ("channel", "rep")),
    "prospecting_hours": Kpi("sum", "ms", ("channel", "rep")),
    "customer_lifetime_value": Kpi("level_ratio", "money", ("rep", "product")),
    "complaints": Kpi("count", "count", PEOPLE),
    "churn_risk": Kpi("level", "count", PEOPLE),
    "reorder_interval": Kpi("mean", "ms", ("product", "account"), has_percentiles=True),
    "wallet_share": Kpi("level_ratio", "ratio", ("account",)),
    "receivables": Kpi("level", "money", OWING),
    "overdue": Kpi("level", "money", OWING),
    "collected": Kpi("sum", "money", PEOPLE),
    "days_to_pay": Kpi("mean", "ms", OWING, has_percentiles=True),
    "on_time_delivery": Kpi("share", "ratio", ("rep", "product")),
    "unpriced_facts": Kpi("counts", "count", ()),
    "sales_velocity": Kpi(
        "derived",
        "money/day",
        ("rep", "team", "partner"),
        ingredients=("pipeline_count", "close_rate", "deal_size", "cycle_time"),
    ),
    "pipeline_coverage": Kpi(
        "derived", "ratio", PEOPLE, ingredients=("pipeline_amount", "revenue_won")
    ),
    "cost_per_lead": Kpi(
        "derived",
        "money",
        MARKETING,
        ingredients=("marketing_spend", "lead_count"),
    ),
    "cost_per_opportunity": Kpi(
        "derived",
        "money",
        MARKETING,
        ingredients=("marketing_spend", "deal_conversion"),
    ),
    "campaign_return": Kpi(
        "derived", "ratio", MARKETING, ingredients=("revenue_won", "marketing_spend")
    ),
    "lead_generation_rate": Kpi(
        "derived", "ratio", ("channel", "rep"), ingredients=("lead_count", "prospecting_hours")
    ),
    "rrroi": Kpi(
        "derived", "ratio", ("channel",), ingredients=("response_rate", "prospecting_hours")
    ),
    "partner_quality": Kpi(
        "derived",
        "score",
        ("partner",),
        ingredients=("deal_count", "revenue_won"),
        is_for_all=False,
    ),
    "delivery_sales_lag": Kpi(
        "derived", "ratio", (), ingredients=("on_time_delivery",), kinds=("month",)
    ),
    "forecast": Kpi("forecast", "money", PEOPLE, kinds=("week", "month", "quarter", "year")),
}
