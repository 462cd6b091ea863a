"""Panels of KPIs: names, units and texts from the catalogue, lines for benchmarks and targets."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from streams.artifacts.grafana.panel_json import TARGET
from streams.artifacts.grafana.panels import MONEY, Column, Kind, Link, Panel, Query
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.output.keys import LEVELS
from streams.output.prometheus.naming import AIMED, naming
from streams.output.prometheus.naming import TARGET as TARGET_GAUGE

# Benchmarks of sales operations, drawn as lines.
ONE_HOUR = 3_600.0
DEALS_PER_1000_CALLS = 32.0
TOUCHED_ONCE = 0.48
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
    height: int
    limit: float
    is_floor: bool
    full: float
    empty: str
    link: Link
    value_link: Link


class ColumnStyle(TypedDict, total=False):
    """The options of a table's column."""

    limit: float
    is_floor: bool


class KpiPanels:
    """Makes panels of KPIs for the scope that `where` selects by labels.

    `compared` selects what rates and means are compared with; panels have a line of it where it
    is given. The currency in names of gauges is a variable.
    """

    def __init__(self, catalogue: Catalogue, where: str, compared: str = "") -> None:
        self._kpis: dict[str, Kpi | Derived] = {kpi.name: kpi for kpi in catalogue.published}
        self._namings = {kpi.name: naming(kpi, "${currency}") for kpi in catalogue.published}
        self._where = where
        self._compared = compared

    def line(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return the values over time, with the target, and what they are compared with."""
        queries = [self._query(kpi, self._where, "{{dimension}} {{value}}")]
        if self._compared and self._kpis[kpi].unit in ("ratio", "ms", "per_1000"):
            queries.append(self._query(kpi, self._compared, "{{dimension}} {{value}}"))
        return self._panel("timeseries", title, kpi, [*queries, self._target(kpi)], style)

    def spread(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return the value and the percentiles over time, with the target."""
        named, money = self._namings[kpi], self._money(kpi)
        names = {"value": named.name, **named.percentiles}
        if self._kpis[kpi].kind == "mean":
            names = {"mean": named.name, **named.percentiles}
        where = self._in_window(kpi, self._where)
        queries = [
            Query(of_kpi(name, where), f"{what} {{{{value}}}}{money}")
            for what, name in names.items()
        ]
        return self._panel("timeseries", title, kpi, [*queries, self._target(kpi)], style)

    def stat(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return the value now, as a number."""
        queries = [self._query(kpi, self._where, "{{dimension}} {{value}}")]
        return self._panel("stat", title, kpi, queries, style)

    def labels(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return bars, one for each label that the KPI counts by."""
        gauge = f"{self._namings[kpi].name}{{{self._in_window(kpi, self._where)}}}"
        expression = f"sum by (label) (max by (label, value) ({gauge}))"
        return self._panel("bargauge", title, kpi, [Query(expression, "{{label}}")], style)

    def bars(
        self, title: str, kpi: str, dimension: str, of: str = "", **style: Unpack[PanelStyle]
    ) -> Panel:
        """Return bars, one for each value of a dimension; `of` selects some of them."""
        if dimension not in self._kpis[kpi].scopes:
            raise ValueError(f"{kpi} is not published by {dimension}")
        query = Query(self.by(kpi, dimension, of), "{{value}}" + self._money(kpi))
        return self._panel("bargauge", title, kpi, [query], style)

    def table(
        self, title: str, rows: str, columns: Sequence[Column], **style: Unpack[PanelStyle]
    ) -> Panel:
        """Return a table of columns, one row for each value of their dimension."""
        text = f"One line for each {rows.lower()}; a column is empty where there is nothing yet."
        return Panel(title, "table", "short", (), text, columns=columns, rows=rows, **style)

    def column(
        self, title: str, kpi: str, dimension: str, of: str = "", **style: Unpack[ColumnStyle]
    ) -> Column:
        """Return a table's column of a KPI by a dimension."""
        if dimension not in self._kpis[kpi].scopes:
            raise ValueError(f"{kpi} is not published by {dimension}")
        query = self.by(kpi, dimension, of)
        return Column(title, query, UNITS[self._kpis[kpi].unit], **style)

    def aimed(self, title: str, gauge: str, *, width: int = 6) -> Panel:
        """Return bars of a gauge of targets, one for each KPI and window that has a target.

        A bar is full, and green, where the target is met.
        """
        expression = f"max by (kpi, window, dimension, value) ({gauge}{{{self._where}}})"
        query = Query(expression, "{{kpi}}, {{window}}")
        return Panel(
            title,
            "bargauge",
            "percentunit",
            [query],
            AIMED[gauge],
            width=width,
            limit=1.0,
            is_floor=True,
            full=1.0,
            empty="no target set",
        )

    def by(self, kpi: str, dimension: str, of: str = "") -> str:
        """Return the query of a KPI by a dimension."""
        selected = f',value=~"{of}"' if of else ""
        where = self._in_window(kpi, f'dimension="{dimension}"{selected}')
        return f"max by (value) ({self._namings[kpi].name}{{{where}}})"

    def _query(self, kpi: str, where: str, legend: str) -> Query:
        where = self._in_window(kpi, where)
        return Query(of_kpi(self._namings[kpi].name, where), legend + self._money(kpi))

    def _target(self, kpi: str) -> Query:
        # A stock has a value now and a target for the end of a window.
        window = "$window" if self._is_level(kpi) else self._window(kpi)
        where = f'kpi="{kpi}",window="{window}",{self._where}'
        return Query(of_kpi(TARGET_GAUGE, where), f"{TARGET} {{{{value}}}}{self._money(kpi)}")

    def _in_window(self, kpi: str, where: str) -> str:
        return f'window="{self._window(kpi)}",{where}'

    def _window(self, kpi: str) -> str:
        if self._is_level(kpi):
            # A stock is the same in every current window.
            return "day"
        found = self._kpis[kpi]
        if isinstance(found, Derived) and found.kinds and not set(_WINDOWS) <= set(found.kinds):
            # Forecasts are of whole weeks, months, quarters and years.
            return "month"
        return "$window"

    def _is_level(self, kpi: str) -> bool:
        return self._kpis[kpi].kind in LEVELS

    def _money(self, kpi: str) -> str:
        return " ${currency}" if UNITS[self._kpis[kpi].unit] == MONEY else ""

    def _panel(
        self, kind: Kind, title: str, kpi: str, queries: list[Query], style: PanelStyle
    ) -> Panel:
        found = self._kpis[kpi]
        text = f"{self._namings[kpi].text}\n\nFormula: {found.formula}"
        return Panel(title, kind, UNITS[found.unit], queries, text, **style)


_WINDOWS = Settings().metrics_windows


def of_kpi(name: str, where: str) -> str:
    """Return the query of a gauge, once, however many workers expose it."""
    return f"max by (dimension, value) ({name}{{{where}}})"
