"""The sales dashboard: its panels of KPIs with their benchmarks."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict, Unpack

import orjson

from streams.artifacts.grafana.health_panels import health
from streams.artifacts.grafana.panels import (
    MONEY,
    Json,
    Kind,
    Panel,
    Query,
    Section,
    choice_variable,
    dashboard,
    query_variable,
    source_variable,
)
from streams.config.settings import Settings
from streams.output.keys import ALL
from streams.output.prometheus.collector import HIDDEN_DIMENSIONS
from streams.output.prometheus.naming import (
    AIMED,
    ATTAINMENT,
    PACE,
    naming,
)
from streams.wiring.catalogue import catalogue

FILE = "sales.json"
# Benchmarks of sales operations, drawn as lines.
ONE_HOUR = 3_600.0
DEALS_PER_1000_CALLS = 32.0
NEVER_CALLED_TWICE = 0.48
SELECTED_VALUES = 'dimension="$dimension",value=~"$value"'
SELECTED_WINDOW = f'window="$window",{SELECTED_VALUES}'
# A stock is the same in every current window.
TODAY = f'window="day",{SELECTED_VALUES}'
# Forecasts are of whole weeks, months, quarters and years.
MONTH = f'window="month",{SELECTED_VALUES}'
UNITS = {
    "ms": "s",
    "count": "short",
    "ratio": "percentunit",
    "money": MONEY,
    "money_per_day": MONEY,
    "per_1000": "short",
    "score": "short",
}


class PanelStyle(TypedDict, total=False):
    """The options of a panel."""

    width: int
    limit: float
    is_floor: bool
    empty: str


def write(folder: Path) -> Path:
    """Write the dashboard to a folder and return its path."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content())
    return path


def content() -> bytes:
    """Return the dashboard's file, the same for the same catalogue."""
    content = dashboard("Sales", "sales-kpis", list(_variables()), Panels().sections())
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _variables() -> Iterator[Json]:
    kpis = catalogue(Settings()).published
    dimensions = dict.fromkeys(name for kpi in kpis for name in kpi.scopes)
    yield source_variable("datasource", "Prometheus")
    yield choice_variable("window", "Window", Settings().metrics_windows, "last_30d")
    shown = [ALL, *(name for name in dimensions if name not in HIDDEN_DIMENSIONS)]
    yield choice_variable("dimension", "By", shown, ALL)
    yield query_variable(
        "value",
        "Who or what",
        'label_values({dimension="$dimension",window="$window"}, value)',
        {"text": ["All"], "value": ["$__all"]},
        includeAll=True,
        allValue=".*",
        multi=True,
    )
    yield query_variable(
        "currency",
        "Currency",
        "metrics(sales_(revenue_won|pipeline_amount|receivables|collected)_[a-z]{3})",
        {"text": "eur", "value": "eur"},
        regex="/_([a-z]{3})$/",
        hide=2,
    )


class Panels:
    """The panels of one catalogue; the currency in names of gauges is a variable."""

    def __init__(self) -> None:
        kpis = catalogue(Settings()).published
        self._units = {kpi.name: kpi.unit for kpi in kpis}
        self._namings = {kpi.name: naming(kpi, "${currency}") for kpi in kpis}

    def sections(self) -> Iterator[Section]:
        """Yield the sections from top to bottom."""
        yield Section("Are leads answered while they can still be won?", list(self._answering()))
        yield Section("Is anybody following up?", list(self._following_up()))
        yield Section("What is in the pipeline?", list(self._pipeline()))
        yield Section("How surely is it won?", list(self._closing()))
        yield Section("What does it bring in?", list(self._revenue()))
        yield Section("Is the plan being met?", list(self._planning()))
        yield Section("Are the streams well?", list(health()))

    def _answering(self) -> Iterator[Panel]:
        empty = "no lead answered yet"
        yield self._stat("Response time, mean", "response_time", limit=ONE_HOUR, empty=empty)
        yield self._spread(
            "Response time, and the hour", "response_time", limit=ONE_HOUR, width=10, empty=empty
        )
        yield self._stat(
            "Answered within an hour",
            "response_within_hour",
            limit=0.9,
            is_floor=True,
            width=4,
            empty="no lead yet",
        )
        yield self._stat(
            "Unanswered leads now", "unanswered_leads", limit=1, width=4, where=TODAY, empty="none"
        )

    def _following_up(self) -> Iterator[Panel]:
        yield self._line("Calls", "call_count", empty="no call yet")
        yield self._line("Calls that reach somebody", "connect_rate", empty="no call yet")
        yield self._line("Contacts a lead", "followup_contacts", empty="no lead yet")
        yield self._line(
            "Leads touched once and never again, and the 48 %",
            "single_touch_share",
            limit=NEVER_CALLED_TWICE,
            empty="no lead touched yet",
        )
        yield self._labels("Wins by contact", "wins_by_contact", width=12, empty="no deal won yet")
        yield self._line(
            "Deals won per 1,000 calls, and the 32",
            "contact_quality",
            limit=DEALS_PER_1000_CALLS,
            is_floor=True,
            width=12,
            empty="no call yet",
        )

    def _pipeline(self) -> Iterator[Panel]:
        empty = "no open deal yet"
        yield self._line("Pipeline", "pipeline_amount", where=TODAY, width=8, empty=empty)
        yield self._line("Weighted", "pipeline_weighted", where=TODAY, width=8, empty=empty)
        yield self._stat("Open deals", "pipeline_count", where=TODAY, width=4, empty=empty)
        yield self._stat(
            "Stale deals", "stale_opportunities", where=TODAY, width=4, limit=1, empty="none"
        )
        yield self._line("Past their date", "expired_pipeline", where=TODAY, width=8, empty="none")
        name = self._namings["pipeline_amount"].name
        yield Panel(
            "Pipeline by stage",
            "bargauge",
            MONEY,
            [
                Query(
                    f'max by (value) ({name}{{window="day",dimension="stage"}})',
                    "{{value}} ${currency}",
                )
            ],
            "The amounts of open deals, by the stage they are in.",
            width=16,
            empty="no open deal yet",
        )

    def _closing(self) -> Iterator[Panel]:
        empty = "no deal closed yet"
        yield self._line("Close rate", "close_rate", width=8, empty=empty)
        yield self._line("Close rate by value", "close_rate_value", width=8, empty=empty)
        yield self._line("Leads that become wins", "lead_conversion", width=8, empty="no lead yet")
        yield self._spread("Cycle time", "cycle_time", width=12, empty="no deal won yet")
        yield self._labels("Why deals are lost", "lost_reasons", width=12, empty="none lost yet")

    def _revenue(self) -> Iterator[Panel]:
        empty = "no deal won yet"
        yield self._line("Revenue won", "revenue_won", width=8, empty=empty)
        yield self._line("Deals won", "deal_count", width=8, empty=empty)
        yield self._line("Deal size", "deal_size", width=8, empty=empty)
        yield self._line("Collected", "collected", empty="no payment yet")
        yield self._line("Receivables", "receivables", where=TODAY, empty="no invoice yet")
        yield self._line("Overdue", "overdue", where=TODAY, empty="none")
        yield self._spread("Time to pay", "days_to_pay", empty="no invoice paid yet")

    def _planning(self) -> Iterator[Panel]:
        for title, name, limit in (("Of the target", ATTAINMENT, None), ("On pace", PACE, 1.0)):
            yield Panel(
                title,
                "bargauge",
                "percentunit",
                [Query(of_targets(name), "{{kpi}}, {{window}} {{value}}")],
                AIMED[name],
                width=8,
                limit=limit,
                is_floor=True,
                empty="no target set",
            )
        yield self._spread(
            "What the month will come to",
            "forecast",
            where=MONTH,
            width=8,
            empty="nothing to expect yet",
        )

    def _line(
        self, title: str, kpi: str, *, where: str = SELECTED_WINDOW, **style: Unpack[PanelStyle]
    ) -> Panel:
        return self._panel("timeseries", title, kpi, [self._query(kpi, where)], style)

    def _stat(
        self, title: str, kpi: str, *, where: str = SELECTED_WINDOW, **style: Unpack[PanelStyle]
    ) -> Panel:
        return self._panel("stat", title, kpi, [self._query(kpi, where)], style)

    def _spread(
        self, title: str, kpi: str, *, where: str = SELECTED_WINDOW, **style: Unpack[PanelStyle]
    ) -> Panel:
        named, money = self._namings[kpi], self._money(kpi)
        names = {"mean": named.name, **named.percentiles}
        queries = [
            Query(of_kpi(name, where), f"{what} {{{{value}}}}{money}")
            for what, name in names.items()
        ]
        return self._panel("timeseries", title, kpi, queries, style)

    def _labels(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        gauge = f"{self._namings[kpi].name}{{{SELECTED_WINDOW}}}"
        expression = f"sum by (label) (max by (label, value) ({gauge}))"
        return self._panel("bargauge", title, kpi, [Query(expression, "{{label}}")], style)

    def _query(self, kpi: str, where: str) -> Query:
        legend = "{{dimension}} {{value}}" + self._money(kpi)
        return Query(of_kpi(self._namings[kpi].name, where), legend)

    def _money(self, kpi: str) -> str:
        return " ${currency}" if self._units[kpi] == "money" else ""

    def _panel(
        self, kind: Kind, title: str, kpi: str, queries: list[Query], style: PanelStyle
    ) -> Panel:
        text, unit = self._namings[kpi].text, UNITS[self._units[kpi]]
        return Panel(title, kind, unit, queries, text, **style)


def of_kpi(name: str, where: str) -> str:
    """Return the query of a gauge, once, however many workers expose it."""
    return f"max by (dimension, value) ({name}{{{where}}})"


def of_targets(name: str) -> str:
    """Return the query of a gauge of targets: of every KPI and window that has one."""
    return f"max by (kpi, value, window) ({name}{{{SELECTED_VALUES}}})"
