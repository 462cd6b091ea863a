"""What a dashboard consists of: queries, panels and sections, without Grafana's format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "bargauge", "table"]
# Grafana cannot use a variable as a unit: where the name of a series ends with a currency, the
# unit is set by an override. Amounts in other currencies are shown without a unit.
MONEY = "money"


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and the legend of its series."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """One question to the history in PostgreSQL.

    It gives `time`, `metric` and `value` where it `is_series`, else a bar for each row: its `name`
    and `value`.
    """

    sql: str
    is_series: bool = False

    @property
    def legend(self) -> str:
        """The name of a series is in its rows."""
        return ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: heading, query, Grafana unit or MONEY, and limit.

    `limit` colours the values: those above it are bad, or good where `is_floor`.
    """

    title: str
    query: str
    unit: str
    limit: float | None = None
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a panel, or of each of its values, to another dashboard."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: title, kind, Grafana unit or MONEY, queries and description.

    `limit` is drawn as a line and by colour: values above it are bad, or good where `is_floor`.
    `empty` is shown while there are no values. A table has `columns` instead of queries, one row
    for each value of the label `value`, whose heading is `rows`. `link` is behind the title,
    `value_link` behind each value, or behind each row's name. A bar begins at 0 and is full at
    `full`, or at the largest value.
    """

    title: str
    kind: Kind
    unit: str
    queries: Sequence[Query | SqlQuery]
    text: str
    width: int = 6
    height: int = 7
    limit: float | None = None
    is_floor: bool = False
    full: float | None = None
    empty: str = "nothing yet"
    columns: Sequence[Column] = ()
    rows: str = ""
    link: Link | None = None
    value_link: Link | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A question and the panels that answer it."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `uid` is part of its address and never changes."""

    title: str
    uid: str
    text: str
    variables: Sequence[Json]
    sections: Sequence[Section]
    links: Sequence[Link] = ()
    time_from: str = "now-6h"
    refresh: str = "10s"
