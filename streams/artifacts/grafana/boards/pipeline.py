"""The dashboard *Pipeline*: what may still be won, by stage and rep, and what is neglected."""

from collections.abc import Iterator, Sequence

from streams.artifacts.grafana import links, variables
from streams.artifacts.grafana.kpi_panels import KpiPanels
from streams.artifacts.grafana.panels import Dashboard, Panel, Section
from streams.engine.catalogue.catalogue import Catalogue

REPS = "$rep"


def pipeline(catalogue: Catalogue, windows: Sequence[str]) -> Dashboard:
    """Return the dashboard of open deals."""
    make = KpiPanels(catalogue, variables.SELECTED_TEAM)
    return Dashboard(
        "Sales: Pipeline",
        links.PIPELINE,
        "Open deals of a team or the company as they are now, and what becomes of them."
        " Stages, channels and products are those of the company.",
        [
            variables.source(),
            variables.window(windows),
            variables.team("Team"),
            variables.reps(),
            variables.currency(),
        ],
        [
            Section("What may still be won?", list(_amounts(make))),
            Section("Where is it?", list(_places(make))),
            Section("Whose is it?", list(_owners(make))),
            Section("What is neglected?", list(_neglected(make))),
            Section("How does it move?", list(_moving(make))),
            Section("How does it end?", list(_ending(make))),
        ],
        links.besides(links.PIPELINE),
    )


def _amounts(make: KpiPanels) -> Iterator[Panel]:
    empty = "no open deal yet"
    yield make.line("Pipeline", "pipeline_amount", width=7, empty=empty)
    yield make.line("Weighted", "pipeline_weighted", width=7, empty=empty)
    yield make.stat("Open deals", "pipeline_count", width=3, empty=empty)
    yield make.spread(
        "What the month will come to", "forecast", width=7, empty="nothing to expect yet"
    )


def _places(make: KpiPanels) -> Iterator[Panel]:
    empty = "no open deal yet"
    yield make.bars("By stage", "pipeline_amount", "stage", width=7, empty=empty)
    yield make.bars("Deals by stage", "pipeline_count", "stage", width=5, empty=empty)
    yield make.bars("By channel", "pipeline_amount", "channel", empty=empty)
    yield make.bars("By product", "pipeline_amount", "product", empty=empty)


def _owners(make: KpiPanels) -> Iterator[Panel]:
    empty = "no open deal yet"
    yield make.bars(
        "By rep",
        "pipeline_amount",
        "rep",
        REPS,
        width=8,
        height=9,
        empty=empty,
        value_link=links.BAR_TO_REP,
    )
    yield make.table(
        "Reps",
        "Rep",
        [
            make.column("Open deals", "pipeline_count", "rep", REPS),
            make.column("Pipeline", "pipeline_amount", "rep", REPS),
            make.column("Weighted", "pipeline_weighted", "rep", REPS),
            make.column("Stale deals", "stale_opportunities", "rep", REPS, limit=1),
            make.column("Past their date", "expired_pipeline", "rep", REPS),
            make.column("Close rate", "close_rate", "rep", REPS),
        ],
        width=16,
        height=9,
        value_link=links.ROW_TO_REP,
    )


def _neglected(make: KpiPanels) -> Iterator[Panel]:
    yield make.stat("Stale deals", "stale_opportunities", limit=1, width=4, empty="none")
    yield make.bars(
        "Stale deals by rep",
        "stale_opportunities",
        "rep",
        REPS,
        width=8,
        limit=1,
        empty="none",
        value_link=links.BAR_TO_REP,
    )
    yield make.line("Past their date", "expired_pipeline", width=12, empty="none")


def _moving(make: KpiPanels) -> Iterator[Panel]:
    yield make.line("Size of new deals", "pipeline_created", empty="no new deal yet")
    yield make.labels("Deals that enter a stage", "stage_entries", empty="no deal moved yet")
    yield make.bars(
        "Deals that leave a stage onward",
        "stage_conversion",
        "stage",
        empty="no deal left a stage yet",
    )
    yield make.line("Velocity, per day", "sales_velocity", empty="no deal closed yet")


def _ending(make: KpiPanels) -> Iterator[Panel]:
    empty = "no deal closed yet"
    yield make.line("Close rate", "close_rate", empty=empty)
    yield make.line("Close rate by value", "close_rate_value", empty=empty)
    yield make.spread("Cycle time", "cycle_time", empty="no deal won yet")
    yield make.labels("Why deals are lost", "lost_reasons", empty="none lost yet")
