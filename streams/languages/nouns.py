"""What KPIs are numbers of, where their unit leaves it open."""

# What a KPI of unit `count` counts.
NOUNS = {
    "call_count": "call",
    "deal_count": "deal",
    "lead_count": "lead",
    "qualified_leads": "lead",
    "unanswered_leads": "lead",
    "pipeline_count": "deal",
    "stale_opportunities": "deal",
    "stage_entries": "deal",
    "lost_reasons": "deal",
    "wins_by_contact": "deal",
    "deal_size_mix": "deal",
    "meetings": "meeting",
    "presentations": "presentation",
    "email_clicks": "click",
    "unmet_demand": "quote",
    "followup_contacts": "per_lead",
    "complaints": "complaint",
    "churn_risk": "account",
    "invoices": "invoice",
}
# Ratios that are no part of a whole: how many times, or how many of one for one of the other.
MULTIPLES = {
    "pipeline_coverage": "times",
    "campaign_return": "times",
    "lead_generation_rate": "per_hour",
}
