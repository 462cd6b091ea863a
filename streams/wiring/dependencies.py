"""Which settings the formula of each KPI depends on, as paths into the record of the settings.

`rules.definitions.business` is the part of the rules file of that name. What only tells when a
window is final, or who may look, changes no number and is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.kpi import Kpi, declared

MISSING = object()
CHOICES = "rules.definitions.choices."
# Where windows begin and end.
WINDOWS = ("timezone", "week_start", "fiscal_start", "rules.calendar.fiscal_calendar")
STAGES = ("stages", "rules.definitions.stages", "rules.pipelines")
RESPONSE = ("response_time", "response_within_hour", "unanswered_leads")
WON = (
    *("deal_count", "revenue_won", "deal_size", "deal_size_mix", "close_rate", "close_rate_value"),
    *("cycle_time", "wins_by_contact", "collateral_in_wins", "contact_quality", "cold_call_yield"),
    *("advance_rate", "stage_conversion", "closed_by_stage"),
)
# Money of deals, whose rate is that of a date that may be chosen.
OF_DEALS = (
    *("revenue_won", "deal_size", "deal_size_mix", "close_rate_value", "funnel_realisation_value"),
    *("pipeline_amount", "pipeline_weighted", "expired_pipeline", "pipeline_created"),
    *("open_deals_due", "closed_by_stage"),
)
# Amounts that are in no unit of money.
CONVERTED = (
    *("close_rate_value", "deal_size_mix", "funnel_realisation_value", "wallet_share"),
    *("open_deals_due", "closed_by_stage", "unpriced_facts"),
)
UNPRICED = "unpriced_facts"
# Entities whose rep may change; what belongs to who has done it has the same rep for ever.
ASSIGNED = frozenset(["Lead", "Deal", "Journey", "Quote"])
OF_WHO_DID_IT = ("response_time",)
BY_NAME: Mapping[str, tuple[str, ...]] = {
    "rules.definitions.business": RESPONSE,
    CHOICES + "win": (*WON, UNPRICED),
    CHOICES + "close_rate_by": ("close_rate", "close_rate_value", UNPRICED),
    CHOICES + "conversion": (*OF_DEALS, UNPRICED),
    CHOICES + "lost_amount": ("close_rate_value", "funnel_realisation_value", UNPRICED),
    **dict.fromkeys(STAGES, ("stage_conversion", "advance_rate")),
    "rules.pipelines": ("stage_conversion", "advance_rate", "pipeline_weighted", "forecast"),
    "stage_probability": ("pipeline_weighted", "forecast"),
    "stale_days": ("stale_opportunities",),
    "small_deal": ("deal_size_mix",),
    "large_deal": ("deal_size_mix",),
    "churn_threshold": ("churn_risk",),
    "churn_weights": ("churn_risk",),
    "rules.forecast.floor": ("forecast",),
    "rules.forecast.seed": ("forecast",),
    "rules.commission": ("commission",),
}


def depends_on(kpi: Kpi | Derived) -> list[str]:
    """Return the paths of a KPI's settings; a derived one has those of its ingredients, too."""
    found = dict.fromkeys(WINDOWS)
    found |= dict.fromkeys(_own(kpi))
    if isinstance(kpi, Derived):
        known = {each.name: each for each in declared()}
        for name in kpi.ingredients:
            found |= dict.fromkeys(_own(known[name]))
    return list(found)


def _own(kpi: Kpi | Derived) -> list[str]:
    found = []
    if kpi.unit.startswith("money") or kpi.name in CONVERTED:
        found.append("currency")
    if not isinstance(kpi, Derived) and kpi.reads.__name__ in ASSIGNED:
        found += [] if kpi.name in OF_WHO_DID_IT else [CHOICES + "owner"]
    if {*kpi.scopes} & {*ROLLED_UP}:
        found.append(CHOICES + "organisation")
    return [*found, *(path for path, names in BY_NAME.items() if kpi.name in names)]


def in_force(settings: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return what the record of the settings has at these paths, without those that it lacks."""
    found = {path: _value_at(settings, path) for path in paths}
    return {path: value for path, value in found.items() if value is not MISSING}


def _value_at(settings: Mapping[str, Any], path: str) -> Any:
    found: Any = settings
    for name in path.split("."):
        found = found.get(name, MISSING) if isinstance(found, Mapping) else MISSING
    return found
