"""The sales dashboard: which KPIs it shows, beside which benchmarks."""

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
    PanelRow,
    Query,
    choice,
    dashboard,
    found,
    source,
)
from streams.config.settings import Settings
from streams.output.keys import ALL, WINDOWS
from streams.output.prometheus.collector import HIDDEN_DIMENSIONS, HIDDEN_WINDOWS
from streams.output.prometheus.naming import (
    AIMED,
    ATTAINMENT,
    PACE,
    naming,
)
from streams.wiring.catalogue import catalogue

FILE = "sales.json"
# Benchmarks of the trade, drawn as lines.
ONE_HOUR = 3_600.0
DEALS_PER_1000_CALLS = 32.0
NEVER_CALLED_TWICE = 0.48
CHOSEN = 'dimension="$dimension",value=~"$value"'
HERE = f'window="$window",{CHOSEN}'
# A stock is the same in every window that runs.
NOW = f'window="day",{CHOSEN}'
# Forecasts are of whole weeks, months, quarters and years.
MONTH = f'window="month",{CHOSEN}'
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
    """How a panel may differ from the others."""

    width: int
    limit: float
    is_floor: bool
    empty: str


def write(folder: Path) -> Path:
    """Write the dashboard into a folder and give its path."""
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content())
    return path


def content() -> bytes:
    """Give the dashboard's file, the same for the same catalogue."""
    made = dashboard("Sales", "sales-kpis", list(_variables()), Panels().rows())
    return orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _variables() -> Iterator[Json]:
    kpis = catalogue(Settings()).published
    dimensions = dict.fromkeys(name for kpi in kpis for name in kpi.scopes)
    yield source("datasource", "Prometheus")
    windows = [name for name in WINDOWS if name not in HIDDEN_WINDOWS]
    yield choice("window", "Window", windows, "last_30d")
    shown = [ALL, *(name for name in dimensions if name not in HIDDEN_DIMENSIONS)]
    yield choice("dimension", "By", shown, ALL)
    yield found(
        "value",
        "Who or what",
        'label_values({dimension="$dimension",window="$window"}, value)',
        {"text": ["All"], "value": ["$__all"]},
        includeAll=True,
        allValue=".*",
        multi=True,
    )
    yield found(
        "currency",
        "Currency",
        "metrics(sales_(revenue_won|pipeline_amount|receivables|collected)_[a-z]{3})",
        {"text": "eur", "value": "eur"},
        regex="/_([a-z]{3})$/",
        hide=2,
    )


class Panels:
    """The panels of one catalogue."""

    def __init__(self) -> None:
        """Name every KPI's gauges, the currency left to a variable."""
        kpis = catalogue(Settings()).published
        self._units = {kpi.name: kpi.unit for kpi in kpis}
        self._namings = {kpi.name: naming(kpi, "${currency}") for kpi in kpis}

    def rows(self) -> Iterator[PanelRow]:
        """Give the rows from top to bottom."""
        yield PanelRow("Are leads answered while they can still be won?", list(self._answering()))
        yield PanelRow("Is anybody following up?", list(self._following_up()))
        yield PanelRow("What is in the pipeline?", list(self._pipeline()))
        yield PanelRow("How surely is it won?", list(self._closing()))
        yield PanelRow("What does it bring in?", list(self._revenue()))
        yield PanelRow("Is the plan being met?", list(self._planning()))
        yield PanelRow("Are the streams well?", list(health()))

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
            "Unanswered leads now", "unanswered_leads", limit=1, width=4, where=NOW, empty="none"
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
        yield self._line("Pipeline", "pipeline_amount", where=NOW, width=8, empty=empty)
        yield self._line("Weighted", "pipeline_weighted", where=NOW, width=8, empty=empty)
        yield self._stat("Open deals", "pipeline_count", where=NOW, width=4, empty=empty)
        yield self._stat(
            "Stale deals", "stale_opportunities", where=NOW, width=4, limit=1, empty="none"
        )
        yield self._line("Past their date", "expired_pipeline", where=NOW, width=8, empty="none")
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
        yield self._line("Receivables", "receivables", where=NOW, empty="no invoice yet")
        yield self._line("Overdue", "overdue", where=NOW, empty="none")
        yield self._spread("Time to pay", "days_to_pay", empty="no invoice paid yet")

    def _planning(self) -> Iterator[Panel]:
        for title, name, limit in (("Of the target", ATTAINMENT, None), ("On pace", PACE, 1.0)):
            yield Panel(
                title,
                "bargauge",
                "percentunit",
                [Query(aimed(name), "{{kpi}}, {{window}} {{value}}")],
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
        self, title: str, kpi: str, *, where: str = HERE, **style: Unpack[PanelStyle]
    ) -> Panel:
        return self._panel("timeseries", title, kpi, [self._query(kpi, where)], style)

    def _stat(
        self, title: str, kpi: str, *, where: str = HERE, **style: Unpack[PanelStyle]
    ) -> Panel:
        return self._panel("stat", title, kpi, [self._query(kpi, where)], style)

    def _spread(
        self, title: str, kpi: str, *, where: str = HERE, **style: Unpack[PanelStyle]
    ) -> Panel:
        named, money = self._namings[kpi], self._money(kpi)
        names = {"mean": named.name, **named.percentiles}
        queries = [
            Query(selected(name, where), f"{what} {{{{value}}}}{money}")
            for what, name in names.items()
        ]
        return self._panel("timeseries", title, kpi, queries, style)

    def _labels(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        expression = f"sum by (label) (max by (label, value) ({self._namings[kpi].name}{{{HERE}}}))"
        return self._panel("bargauge", title, kpi, [Query(expression, "{{label}}")], style)

    def _query(self, kpi: str, where: str) -> Query:
        legend = "{{dimension}} {{value}}" + self._money(kpi)
        return Query(selected(self._namings[kpi].name, where), legend)

    def _money(self, kpi: str) -> str:
        return " ${currency}" if self._units[kpi] == "money" else ""

    def _panel(
        self, kind: Kind, title: str, kpi: str, queries: list[Query], style: PanelStyle
    ) -> Panel:
        text, unit = self._namings[kpi].text, UNITS[self._units[kpi]]
        return Panel(title, kind, unit, queries, text, **style)


def selected(name: str, where: str) -> str:
    """Ask for a gauge once, however many workers show it."""
    return f"max by (dimension, value) ({name}{{{where}}})"


def aimed(name: str) -> str:
    """Ask the same of every KPI that has a target, in the windows it has one for."""
    return f"max by (kpi, value, window) ({name}{{{CHOSEN}}})"
