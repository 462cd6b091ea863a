"""The dashboard *History*: weeks, months and years of the past, and levels as of any day.

Its source is the PostgreSQL that `sales-kpis history` writes. The end of Grafana's time range is
the instant as of which it is looked back.
"""

from collections.abc import Iterator
from typing import Unpack

from streams.artifacts.grafana import links, variables
from streams.artifacts.grafana.kpi_panels import (
    DEALS_PER_1000_CALLS,
    ONE_HOUR,
    TOUCHED_ONCE,
    UNITS,
    PanelStyle,
)
from streams.artifacts.grafana.panels import Dashboard, Kind, Panel, Section, SqlQuery
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

WINDOWS = ("week", "month", "quarter", "year")
# Of each kind of question one, in which KPI and dimension are still open. Records of money have
# amounts in major units, and the currency in their unit; durations are in milliseconds. A record
# of a day stands for a level at the day's end, so the day of the instant is the last to count.
_NUMBER = """CASE WHEN unit = 'ms' THEN 0.001 ELSE 1 END * @column"""
_NAME = (
    """@name || CASE WHEN unit LIKE 'money:%' THEN ' ' || lower(substr(unit, 7, 3)) ELSE '' END"""
)
_TREND = """
SELECT starts AS time, @named AS metric, @number AS value
FROM sales_kpis.kpi_trends
WHERE kpi = @kpi AND time_window = ${period:sqlstring}
  AND dimension || coalesce('=' || nullif(dimension_value, ''), '') = ${scope:sqlstring}
  AND @column IS NOT NULL AND $__timeFilter(starts)
ORDER BY starts
"""
_LEVEL = """
SELECT @named AS name, @number AS value
FROM sales_kpis.kpi_records
WHERE kpi = @kpi AND time_window = 'day' AND scope = ${scope:sqlstring}
  AND start_ms <= $__unixEpochTo() * 1000::bigint
ORDER BY start_ms DESC LIMIT 1
"""
_LEVELS = """
SELECT DISTINCT ON (dimension_value) @named AS name, @number AS value
FROM sales_kpis.kpi_records
WHERE kpi = @kpi AND time_window = 'day' AND dimension = @dimension
  AND start_ms <= $__unixEpochTo() * 1000::bigint
ORDER BY dimension_value, start_ms DESC
"""
_STOOD = """
SELECT DISTINCT ON (key) @named AS name, @number AS value
FROM sales_kpis.kpi_as_of
WHERE kpi = @kpi AND time_window = ${period:sqlstring} AND dimension = @dimension
  AND start_ms <= $__unixEpochTo() * 1000::bigint AND end_ms > $__unixEpochTo() * 1000::bigint
  AND as_of_ms <= $__unixEpochTo() * 1000::bigint
ORDER BY key, as_of_ms DESC
"""


def history(catalogue: Catalogue) -> Dashboard:
    """Return the dashboard of the past."""
    make = _Panels(catalogue)
    return Dashboard(
        "Sales: History",
        links.HISTORY,
        "How weeks, months and years went, with later corrections, and how things stood at the end"
        " of the time range.",
        [
            variables.history_source(),
            variables.scope(),
            variables.choice("period", "By", WINDOWS, "month"),
        ],
        [
            Section("How did it go?", list(_trends(make))),
            Section("How did things stand at the end of the time range?", list(_as_of(make))),
        ],
        links.besides(links.HISTORY),
        time_from="now-2y",
        refresh="5m",
    )


def _trends(make: "_Panels") -> Iterator[Panel]:
    yield make.trend("Revenue won", "revenue_won", width=8)
    yield make.trend("Deals won", "deal_count", width=8)
    yield make.trend("Close rate", "close_rate", width=8)
    yield make.trend("Response time, and the hour", "response_time", width=8, limit=ONE_HOUR)
    yield make.trend(
        "Leads touched once and never again, and the 48 %",
        "single_touch_share",
        width=8,
        limit=TOUCHED_ONCE,
    )
    yield make.trend(
        "Deals won per 1,000 calls, and the 32",
        "contact_quality",
        width=8,
        limit=DEALS_PER_1000_CALLS,
        is_floor=True,
    )
    yield make.trend("Calls", "call_count", width=8)
    yield make.trend("Pipeline at the end", "pipeline_amount", width=8)
    yield make.trend("Receivables at the end", "receivables", width=8)


def _as_of(make: "_Panels") -> Iterator[Panel]:
    yield make.level("Pipeline", "pipeline_amount", width=4)
    yield make.levels("Pipeline by stage", "pipeline_amount", "stage", width=10)
    yield make.levels("Pipeline by rep", "pipeline_amount", "rep", width=10)
    yield make.stood("Revenue of the window, by rep", "revenue_won", "rep", width=12)
    yield make.stood("Response time of the window, by rep", "response_time", "rep", width=12)


class _Panels:
    """Makes panels of KPIs whose numbers are in PostgreSQL."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kpis: dict[str, Kpi | Derived] = {kpi.name: kpi for kpi in catalogue.published}

    def trend(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return the values of the windows one after another, with their targets."""
        queries = [
            SqlQuery(_sql(_TREND, kpi, name=f"'{name}'", column=column), is_series=True)
            for name, column in (("value", "number"), ("target", "target"))
        ]
        return self._panel("timeseries", title, kpi, queries, style)

    def level(self, title: str, kpi: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return a stock as of the instant, of the scope chosen."""
        sql = _sql(_LEVEL, kpi, name="'as of then'", column="value::numeric")
        return self._panel("bargauge", title, kpi, [SqlQuery(sql)], style)

    def levels(self, title: str, kpi: str, dimension: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return a stock as of the instant, by a dimension."""
        return self._by(_LEVELS, title, kpi, dimension, style)

    def stood(self, title: str, kpi: str, dimension: str, **style: Unpack[PanelStyle]) -> Panel:
        """Return the window that ran at the instant, as it stood then, by a dimension."""
        return self._by(_STOOD, title, kpi, dimension, style)

    def _by(self, template: str, title: str, kpi: str, dimension: str, style: PanelStyle) -> Panel:
        if dimension not in self._kpis[kpi].scopes:
            raise ValueError(f"{kpi} is not published by {dimension}")
        sql = _sql(template, kpi, name="dimension_value", column="value::numeric")
        sql = sql.replace("@dimension", f"'{dimension}'")
        return self._panel("bargauge", title, kpi, [SqlQuery(sql)], style)

    def _panel(
        self, kind: Kind, title: str, kpi: str, queries: list[SqlQuery], style: PanelStyle
    ) -> Panel:
        found = self._kpis[kpi]
        text = f"{' '.join(found.text.split())}\n\nFormula: {found.formula}"
        style.setdefault("empty", "nothing recorded")
        return Panel(title, kind, UNITS[found.unit], queries, text, **style)


def _sql(template: str, kpi: str, *, name: str, column: str) -> str:
    """Fill in a template; all names are those of the catalogue and of this module."""
    sql = template.replace("@named", _NAME).replace("@number", _NUMBER)
    filled = sql.replace("@name", name).replace("@column", column).replace("@kpi", f"'{kpi}'")
    return " ".join(filled.split())
