"""The points of a chart. They are a table first: for screen readers, to copy, without script."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

from streams.languages.format import Shown
from streams.page.definitions.benchmarks import BENCHMARKS
from streams.page.drawing import spark
from streams.page.views.card import Source

TREND_DAYS = 60
NOON = time(12)


class PointRow(NamedTuple):
    """One day of a chart."""

    day: str
    at: int
    shown: Shown


class Trend(NamedTuple):
    """A KPI's last days; `lines` are named marks at a height."""

    kpi: str
    key: str
    title: str
    unit: str
    path: str
    rows: Sequence[PointRow]
    lines: Sequence[tuple[str, float]]
    empty: str


def trend(source: Source, kpi: str, scope: str, days: int = TREND_DAYS) -> Trend:
    """Build the chart of a KPI's days for a scope."""
    points = source.records.days(kpi, scope, days)
    while points and points[0].record is None:
        points = points[1:]
    unit = source.unit(kpi)
    values = source.values(kpi, points)
    rows = [
        PointRow(
            source.formats.day(point.day),
            int(datetime.combine(point.day, NOON, source.now.tzinfo).timestamp()),
            source.formats.value(kpi, value, unit),
        )
        for point, value in zip(points, values, strict=True)
    ]
    mark = BENCHMARKS.get(kpi)
    return Trend(
        kpi=kpi,
        key=f"{kpi}|{scope}|day",
        title=source.formats.language.title(kpi),
        unit=rows[-1].shown.kind if rows else unit,
        path=spark(values),
        rows=rows,
        lines=[(source.text("chart.benchmark"), mark)] if mark else [],
        empty=source.text("empty.chart"),
    )
