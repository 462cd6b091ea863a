"""The dashboard *Overview*: whether leads are answered, deals won and bills paid, and by whom."""

from collections.abc import Iterator, Sequence

from streams.artifacts.grafana import links, variables
from streams.artifacts.grafana.kpi_panels import (
    DEALS_PER_1000_CALLS,
    ONE_HOUR,
    TOUCHED_ONCE,
    KpiPanels,
)
from streams.artifacts.grafana.panels import Column, Dashboard, Panel, Query, Section
from streams.engine.catalogue.catalogue import Catalogue
from streams.output.alerts import ALERTS_GAUGE
from streams.output.prometheus.naming import ATTAINMENT, PACE


def overview(catalogue: Catalogue, windows: Sequence[str]) -> Dashboard:
    """Return the dashboard of the company, or of one team."""
    make = KpiPanels(catalogue, variables.SELECTED_TEAM)
    return Dashboard(
        "Sales: Overview",
        links.OVERVIEW,
        "How a team sells, or the whole company; names lead to the rep or the team.",
        [
            variables.source(),
            variables.window(windows),
            variables.team("Team"),
            variables.currency(),
        ],
        [
            Section("Are leads answered while they can still be won?", list(_answering(make))),
            Section("Is anybody following up?", list(_following_up(make))),
            Section("How surely is it won, and what does it bring in?", list(_winning(make))),
            Section("Is the plan being met?", list(_planning(make))),
            Section("Who does it?", list(_people(make))),
            Section("Is it paid?", list(_paying(make))),
            Section("Which channels and partners pay?", list(_marketing(make))),
        ],
        links.besides(links.OVERVIEW),
    )


def _answering(make: KpiPanels) -> Iterator[Panel]:
    empty = "no lead answered yet"
    yield make.stat("Response time, mean", "response_time", limit=ONE_HOUR, width=4, empty=empty)
    yield make.spread(
        "Response time, and the hour", "response_time", limit=ONE_HOUR, width=8, empty=empty
    )
    yield make.stat(
        "Answered within an hour",
        "response_within_hour",
        limit=0.9,
        is_floor=True,
        width=4,
        empty="no lead yet",
    )
    yield make.stat("Unanswered leads now", "unanswered_leads", limit=1, width=4, empty="none")
    yield Panel(
        "Alerts now",
        "bargauge",
        "short",
        [Query(f"max by (kind) ({ALERTS_GAUGE}) > 0", "{{kind}}")],
        "What somebody should look at, by kind, in the whole company;"
        " `sales-kpis alerts` names it.",
        width=4,
        limit=1,
        empty="none",
        link=links.TO_STREAMS,
    )


def _following_up(make: KpiPanels) -> Iterator[Panel]:
    yield make.line("Calls", "call_count", empty="no call yet")
    yield make.line("Calls that reach somebody", "connect_rate", empty="no call yet")
    yield make.line("Contacts a lead", "followup_contacts", empty="no lead yet")
    yield make.line(
        "Leads touched once and never again, and the 48 %",
        "single_touch_share",
        limit=TOUCHED_ONCE,
        empty="no lead touched yet",
    )
    yield make.labels("Wins by contact", "wins_by_contact", width=12, empty="no deal won yet")
    yield make.line(
        "Deals won per 1,000 calls, and the 32",
        "contact_quality",
        limit=DEALS_PER_1000_CALLS,
        is_floor=True,
        width=12,
        empty="no call yet",
    )


def _winning(make: KpiPanels) -> Iterator[Panel]:
    empty = "no deal closed yet"
    yield make.line("Close rate", "close_rate", width=8, empty=empty)
    yield make.line("Close rate by value", "close_rate_value", width=8, empty=empty)
    yield make.line("Leads that become wins", "lead_conversion", width=8, empty="no lead yet")
    empty = "no deal won yet"
    yield make.line("Revenue won", "revenue_won", empty=empty)
    yield make.line("Deals won", "deal_count", empty=empty)
    yield make.line("Deal size", "deal_size", empty=empty)
    yield make.line("Pipeline", "pipeline_amount", empty="no open deal yet", link=links.TO_PIPELINE)


def _planning(make: KpiPanels) -> Iterator[Panel]:
    yield make.aimed("Of the target", ATTAINMENT, width=8)
    yield make.aimed("On pace", PACE, width=8)
    yield make.spread(
        "What the month will come to", "forecast", width=8, empty="nothing to expect yet"
    )


def _people(make: KpiPanels) -> Iterator[Panel]:
    for title, rows, link in (
        ("Teams", "Team", links.ROW_TO_TEAM),
        ("Reps", "Rep", links.ROW_TO_REP),
    ):
        yield make.table(
            title,
            rows,
            _ranked(make, rows.lower()),
            width=24,
            height=10,
            value_link=link,
        )


def _ranked(make: KpiPanels, dimension: str) -> list[Column]:
    return [
        make.column("Response time", "response_time", dimension, limit=ONE_HOUR),
        make.column("Within an hour", "response_within_hour", dimension, limit=0.9, is_floor=True),
        make.column("Unanswered", "unanswered_leads", dimension, limit=1),
        make.column("Calls", "call_count", dimension),
        make.column("Contacts a lead", "followup_contacts", dimension),
        make.column("Touched once", "single_touch_share", dimension, limit=TOUCHED_ONCE),
        make.column("Deals won", "deal_count", dimension),
        make.column("Close rate", "close_rate", dimension),
        make.column("Revenue", "revenue_won", dimension),
        make.column("Pipeline", "pipeline_amount", dimension),
    ]


def _paying(make: KpiPanels) -> Iterator[Panel]:
    yield make.line("Collected", "collected", empty="no payment yet")
    yield make.line("Receivables", "receivables", empty="no invoice yet")
    yield make.line("Overdue", "overdue", empty="none")
    yield make.spread("Time to pay", "days_to_pay", empty="no invoice paid yet")


def _marketing(make: KpiPanels) -> Iterator[Panel]:
    empty = "no spend recorded"
    yield make.bars("Cost per lead, by channel", "cost_per_lead", "channel", width=8, empty=empty)
    yield make.bars("Return by channel", "campaign_return", "channel", width=8, empty=empty)
    yield make.bars(
        "Partners' quality", "partner_quality", "partner", width=8, empty="no partner yet"
    )
