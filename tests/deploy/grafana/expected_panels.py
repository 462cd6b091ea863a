"""What each panel of the dashboards has to show, written by hand: which KPI, of whom, of when.

The tests look these numbers up in what `dump` prints; no name of a gauge or label is used here.
"""

from dataclasses import dataclass, replace

COMPANY_OR_TEAM, ONE_REP = "company or team", "one rep"
CHOSEN = "chosen"


@dataclass(frozen=True)
class Shown:
    """A query's answer: a part of the records of a KPI.

    `of` is COMPANY_OR_TEAM, ONE_REP, or a dimension of which all values are shown. `window` is
    that of the records, CHOSEN for the one that the reader has chosen. `part` is `value`,
    `target`, `counts` or a percentile.
    """

    kpi: str
    of: str = COMPANY_OR_TEAM
    window: str = CHOSEN
    part: str = "value"


@dataclass(frozen=True)
class OfTargets:
    """A query's answer: a part of all records that have a target, of every KPI and window."""

    part: str
    of: str = COMPANY_OR_TEAM


Expected = dict[str, list[Shown | OfTargets]]


def value(kpi: str, window: str = CHOSEN) -> list[Shown | OfTargets]:
    """The value alone."""
    return [Shown(kpi, window=window)]


def line(kpi: str, window: str = CHOSEN) -> list[Shown | OfTargets]:
    """The value and its target."""
    return [Shown(kpi, window=window), Shown(kpi, part="target")]


def level(kpi: str) -> list[Shown | OfTargets]:
    """A stock as it is today, and its target in the window chosen."""
    return line(kpi, "day")


def spread(kpi: str, *ranks: str, window: str = CHOSEN) -> list[Shown | OfTargets]:
    """The value, percentiles and target."""
    parts = ("value", *ranks, "target")
    return [Shown(kpi, window=window, part=part) for part in parts]


def labels(kpi: str) -> list[Shown | OfTargets]:
    """How many by label."""
    return [Shown(kpi, part="counts")]


def by(dimension: str, *kpis: str) -> list[Shown | OfTargets]:
    """Values of KPIs by a dimension; those after `day:` are of today."""
    return [
        Shown(kpi.removeprefix("day:"), dimension, "day" if kpi.startswith("day:") else CHOSEN)
        for kpi in kpis
    ]


def of_rep(expected: list[Shown | OfTargets]) -> list[Shown | OfTargets]:
    """The same of one rep."""
    return [replace(shown, of=ONE_REP) for shown in expected]


def beside(kpi: str) -> list[Shown | OfTargets]:
    """The rep's value, that of the team or company, and the rep's target."""
    return [Shown(kpi, ONE_REP), Shown(kpi), Shown(kpi, ONE_REP, part="target")]


PEOPLE = (
    "response_time",
    "response_within_hour",
    "day:unanswered_leads",
    "call_count",
    "followup_contacts",
    "single_touch_share",
    "deal_count",
    "close_rate",
    "revenue_won",
    "day:pipeline_amount",
)
OVERVIEW: Expected = {
    "Response time, mean": value("response_time"),
    "Response time, and the hour": spread("response_time", "p50", "p90"),
    "Answered within an hour": value("response_within_hour"),
    "Unanswered leads now": value("unanswered_leads", "day"),
    "Calls": line("call_count"),
    "Calls that reach somebody": line("connect_rate"),
    "Contacts a lead": line("followup_contacts"),
    "Leads touched once and never again, and the 48 %": line("single_touch_share"),
    "Wins by contact": labels("wins_by_contact"),
    "Deals won per 1,000 calls, and the 32": line("contact_quality"),
    "Close rate": line("close_rate"),
    "Close rate by value": line("close_rate_value"),
    "Leads that become wins": line("lead_conversion"),
    "Revenue won": line("revenue_won"),
    "Deals won": line("deal_count"),
    "Deal size": line("deal_size"),
    "Pipeline": level("pipeline_amount"),
    "Of the target": [OfTargets("attainment")],
    "On pace": [OfTargets("pace")],
    "What the month will come to": spread("forecast", "p10", "p90", window="month"),
    "Teams": by("team", *PEOPLE),
    "Reps": by("rep", *PEOPLE),
    "Collected": line("collected"),
    "Receivables": level("receivables"),
    "Overdue": level("overdue"),
    "Time to pay": spread("days_to_pay", "p50", "p90"),
    "Cost per lead, by channel": by("channel", "cost_per_lead"),
    "Return by channel": by("channel", "campaign_return"),
    "Partners' quality": by("partner", "partner_quality"),
}
REP: Expected = {
    "Unanswered leads": of_rep(value("unanswered_leads", "day")),
    "Stale deals": of_rep(value("stale_opportunities", "day")),
    "Past their date": of_rep(value("expired_pipeline", "day")),
    "Overdue": of_rep(value("overdue", "day")),
    "Open deals": of_rep(value("pipeline_count", "day")),
    "Pipeline": of_rep(value("pipeline_amount", "day")),
    "Response time, and the hour": beside("response_time"),
    "Half and nine in ten answers": of_rep(spread("response_time", "p50", "p90")),
    "Answered within an hour": beside("response_within_hour"),
    "Calls": of_rep(line("call_count")),
    "Calls that reach somebody": beside("connect_rate"),
    "Contacts a lead": of_rep(line("followup_contacts")),
    "Leads touched once and never again, and the 48 %": beside("single_touch_share"),
    "Deals won per 1,000 calls, and the 32": beside("contact_quality"),
    "Wins by contact": of_rep(labels("wins_by_contact")),
    "Revenue won": of_rep(line("revenue_won")),
    "Deals won": of_rep(line("deal_count")),
    "Deal size": of_rep(line("deal_size")),
    "Close rate": beside("close_rate"),
    "Cycle time": of_rep(spread("cycle_time", "p50", "p90")),
    "Why deals are lost": of_rep(labels("lost_reasons")),
    "Of the target": [OfTargets("attainment", ONE_REP)],
    "On pace": [OfTargets("pace", ONE_REP)],
    "What the month will come to": of_rep(spread("forecast", "p10", "p90", window="month")),
    "Collected": of_rep(line("collected")),
}
PIPELINE: Expected = {
    "Pipeline": level("pipeline_amount"),
    "Weighted": level("pipeline_weighted"),
    "Open deals": value("pipeline_count", "day"),
    "What the month will come to": spread("forecast", "p10", "p90", window="month"),
    "By stage": by("stage", "day:pipeline_amount"),
    "Deals by stage": by("stage", "day:pipeline_count"),
    "By channel": by("channel", "day:pipeline_amount"),
    "By product": by("product", "day:pipeline_amount"),
    "By rep": by("rep", "day:pipeline_amount"),
    "Reps": by(
        "rep",
        "day:pipeline_count",
        "day:pipeline_amount",
        "day:pipeline_weighted",
        "day:stale_opportunities",
        "day:expired_pipeline",
        "close_rate",
    ),
    "Stale deals": value("stale_opportunities", "day"),
    "Stale deals by rep": by("rep", "day:stale_opportunities"),
    "Past their date": level("expired_pipeline"),
    "Size of new deals": line("pipeline_created"),
    "Deals that enter a stage": labels("stage_entries"),
    "Deals that leave a stage onward": by("stage", "stage_conversion"),
    "Velocity, per day": line("sales_velocity"),
    "Close rate": line("close_rate"),
    "Close rate by value": line("close_rate_value"),
    "Cycle time": spread("cycle_time", "p50", "p90"),
    "Why deals are lost": labels("lost_reasons"),
}
EXPECTED = {"overview.json": OVERVIEW, "rep.json": REP, "pipeline.json": PIPELINE}
