"""The contract's catalogue as data, written by hand: every KPI with its scopes beside `all`.

`partner_quality` is told apart by partner and has no `all`. `attainment` is no KPI of its own
but a field of every record that has a target.
"""

REP_ROLLED_UP = "rep team department unit"
SELLING = f"{REP_ROLLED_UP} channel media campaign partner product pipeline"

CONTRACT = {
    # Answering leads
    "response_time": f"{REP_ROLLED_UP} channel campaign",
    "response_within_hour": f"{REP_ROLLED_UP} channel campaign",
    "unanswered_leads": "rep team channel",
    # Following up
    "call_count": REP_ROLLED_UP,
    "connect_rate": "rep team",
    "followup_contacts": "rep team channel",
    "single_touch_share": "rep team",
    "wins_by_contact": "rep team",
    "contact_quality": "rep team department",
    "cold_call_yield": "rep team department",
    # Email, social, material
    "email_link_share": "rep team",
    "email_clicks": "rep team",
    "email_click_rate": "rep team",
    "social_activity": "rep team",
    "meetings": "rep team",
    "presentations": "rep team",
    "collateral_use": "rep team",
    "collateral_in_wins": "rep team",
    # Selling
    "deal_count": SELLING,
    "revenue_won": SELLING,
    "deal_size": SELLING,
    "deal_size_mix": "rep team",
    "close_rate": SELLING,
    "close_rate_value": SELLING,
    "lead_conversion": "rep team channel media campaign partner",
    "deal_conversion": SELLING,
    "cycle_time": "rep team channel partner product",
    "sales_velocity": "rep team partner",
    # Pipeline and funnel
    "pipeline_amount": f"{REP_ROLLED_UP} channel partner product pipeline stage",
    "pipeline_count": f"{REP_ROLLED_UP} channel partner product pipeline stage",
    "pipeline_weighted": "rep team stage",
    "expired_pipeline": "rep team partner",
    "stale_opportunities": "rep team",
    "pipeline_created": "rep team channel partner",
    "pipeline_coverage": "rep team",
    "stage_entries": "rep team",
    "stage_conversion": "team stage",
    "funnel_realisation": "rep team product",
    "funnel_realisation_value": "rep team product",
    "lost_reasons": "rep team product",
    "unmet_demand": "rep team product",
    "qualified_leads": "rep team channel campaign",
    "handover_rate": "rep team channel campaign",
    "quote_to_order": "rep team product",
    "advance_rate": "team",
    # Marketing and prospecting
    "lead_count": "rep team channel media campaign partner",
    "marketing_spend": "channel media campaign",
    "cost_per_lead": "channel media campaign",
    "cost_per_opportunity": "channel media campaign",
    "campaign_return": "channel media campaign",
    "response_rate": "channel rep",
    "prospecting_hours": "channel rep",
    "rrroi": "channel",
    "lead_generation_rate": "channel rep",
    # Partners
    "partner_quality": "partner",
    # Customers
    "customer_lifetime_value": "rep product",
    "complaints": "rep team",
    "churn_risk": "rep team",
    "reorder_interval": "product account",
    "wallet_share": "account",
    # Money in
    "receivables": "rep team account",
    "overdue": "rep team account",
    "collected": "rep team",
    "days_to_pay": "rep team account",
    # Delivering
    "on_time_delivery": "rep product",
    "delivery_sales_lag": "",
    # Plan and pay
    "commission": "rep",
    "forecast": "rep team",
}
# Named in the contract beside the table of KPIs.
BESIDE = {"unpriced_facts": ""}
WITHOUT_ALL = {"partner_quality", "commission"}
FIELDS_OF_RECORDS = ("attainment",)


def scopes(name: str) -> set[str]:
    """Give every scope that the contract wants of a KPI."""
    own = {**CONTRACT, **BESIDE}[name].split()
    return {*own} if name in WITHOUT_ALL else {"all", *own}
