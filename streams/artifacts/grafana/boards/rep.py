"""The dashboard *Rep*: one rep's numbers, beside those of a team or the company."""

from collections.abc import Iterator, Sequence

from streams.artifacts.grafana import links, variables
from streams.artifacts.grafana.kpi_panels import (
    DEALS_PER_1000_CALLS,
    ONE_HOUR,
    TOUCHED_ONCE,
    KpiPanels,
)
from streams.artifacts.grafana.panels import Dashboard, Panel, Section
from streams.engine.catalogue.catalogue import Catalogue
from streams.output.prometheus.naming import ATTAINMENT, PACE

SELECTED = 'dimension="rep",value="$rep"'


def rep(catalogue: Catalogue, windows: Sequence[str]) -> Dashboard:
    """Return the dashboard of one rep."""
    make = KpiPanels(catalogue, SELECTED, compared=variables.SELECTED_TEAM)
    return Dashboard(
        "Sales: Rep",
        links.REP,
        "One rep's answers, calls, deals and plan; rates have those of a team or the company"
        " beside them.",
        [
            variables.source(),
            variables.window(windows),
            variables.rep(),
            variables.team("Beside"),
            variables.currency(),
        ],
        [
            Section("What needs $rep now?", list(_now(make))),
            Section("Does $rep answer while leads can still be won?", list(_answering(make))),
            Section("Does $rep follow up?", list(_following_up(make))),
            Section("What does $rep win?", list(_winning(make))),
            Section("Does $rep meet the plan?", list(_planning(make))),
        ],
        links.besides(links.REP),
    )


def _now(make: KpiPanels) -> Iterator[Panel]:
    yield make.stat(
        "Unanswered leads", "unanswered_leads", limit=1, width=4, height=4, empty="none"
    )
    yield make.stat("Stale deals", "stale_opportunities", limit=1, width=4, height=4, empty="none")
    yield make.stat("Past their date", "expired_pipeline", width=4, height=4, empty="none")
    yield make.stat("Overdue", "overdue", width=4, height=4, empty="none")
    yield make.stat("Open deals", "pipeline_count", width=4, height=4, empty="none")
    yield make.stat(
        "Pipeline", "pipeline_amount", width=4, height=4, empty="none", link=links.TO_PIPELINE
    )


def _answering(make: KpiPanels) -> Iterator[Panel]:
    empty = "no lead answered yet"
    yield make.line(
        "Response time, and the hour", "response_time", limit=ONE_HOUR, width=8, empty=empty
    )
    yield make.spread("Half and nine in ten answers", "response_time", width=8, empty=empty)
    yield make.line("Answered within an hour", "response_within_hour", width=8, empty="no lead yet")


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
    yield make.line(
        "Deals won per 1,000 calls, and the 32",
        "contact_quality",
        limit=DEALS_PER_1000_CALLS,
        is_floor=True,
        width=12,
        empty="no call yet",
    )
    yield make.labels("Wins by contact", "wins_by_contact", width=12, empty="no deal won yet")


def _winning(make: KpiPanels) -> Iterator[Panel]:
    yield make.line("Revenue won", "revenue_won", empty="no deal won yet")
    yield make.line("Deals won", "deal_count", empty="no deal won yet")
    yield make.line("Deal size", "deal_size", empty="no deal won yet")
    yield make.line("Close rate", "close_rate", empty="no deal closed yet")
    yield make.spread("Cycle time", "cycle_time", width=12, empty="no deal won yet")
    yield make.labels("Why deals are lost", "lost_reasons", width=12, empty="none lost yet")


def _planning(make: KpiPanels) -> Iterator[Panel]:
    yield make.aimed("Of the target", ATTAINMENT)
    yield make.aimed("On pace", PACE)
    yield make.spread("What the month will come to", "forecast", empty="nothing to expect yet")
    yield make.line("Collected", "collected", empty="no payment yet")
