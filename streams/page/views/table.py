"""Tables: a row for each value of a dimension, a column for each KPI."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.languages.format import Shown
from streams.page.drawing import spark
from streams.page.targets.progress import Bar, bar
from streams.page.views.card import COUNTED, Source, headline


class Column(NamedTuple):
    """A KPI as a column. `href` sorts by it; `order` is `ascending`, `descending` or empty."""

    kpi: str
    title: str
    href: str
    order: str


class Cell(NamedTuple):
    """A value in a table; `key` is that of its record, without the start."""

    key: str
    shown: Shown
    bar: Bar | None


class Row(NamedTuple):
    """One value of a dimension."""

    name: str
    href: str
    rank: str
    cells: Sequence[Cell]
    spark: str


class Table(NamedTuple):
    """A table; `spark_title` is empty where rows have no line, `has_bars` where targets show."""

    caption: str
    first: str
    rank_title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    spark_title: str
    has_bars: bool
    empty: str


class Plan(NamedTuple):
    """What a table shows: a dimension's values, by these KPIs, with the last days of `line`."""

    name: str
    dimension: str
    kpis: Sequence[str]
    line: str = ""
    first: str = ""
    order: str = ""
    has_bars: bool = False
    links_to_rep: bool = False


def table(source: Source, plan: Plan) -> Table:
    """Build a table; KPIs that the company does not count have no column."""
    window = source.choice.window
    kpis = [kpi for kpi in plan.kpis if source.has(kpi)]
    names = source.records.values_of(plan.dimension, window)
    if plan.dimension in source.choice.scope:
        names = [n for n in names if f"{plan.dimension}={n}" == source.choice.scope]
    rows = [_row(source, plan, kpis, name) for name in _ordered(source, plan, names)]
    line = plan.line if source.has(plan.line) else ""
    return Table(
        caption=source.text(f"table.{plan.name}"),
        first=source.text(f"dimension.{plan.first or plan.dimension}"),
        rank_title=source.text("table.rank") if source.choice.is_ranked else "",
        columns=[_column(source, kpi) for kpi in kpis],
        rows=rows,
        spark_title=source.text("table.line", kpi=_title(source, line)) if line else "",
        has_bars=plan.has_bars,
        empty=source.text("empty.rows"),
    )


def _title(source: Source, kpi: str) -> str:
    return source.formats.language.title(kpi)


def _column(source: Source, kpi: str) -> Column:
    sort = source.choice.sort
    is_descending, is_ascending = sort == f"-{kpi}", sort == kpi
    order = "descending" if is_descending else "ascending" if is_ascending else ""
    wanted = kpi if is_descending else f"-{kpi}"
    return Column(kpi, _title(source, kpi), source.choice.address(sort=wanted), order)


def _ordered(source: Source, plan: Plan, names: Sequence[str]) -> list[str]:
    """Sort by the chosen column; else by how far each is on the way to its own target."""
    sort = source.choice.sort
    kpi, is_descending = sort.removeprefix("-"), sort.startswith("-")
    if kpi in plan.kpis:
        known = {name: _number(source, plan, kpi, name) for name in names}
        found = sorted(names, key=lambda name: known[name] or 0.0, reverse=is_descending)
        return [n for n in found if known[n] is not None] + [n for n in found if known[n] is None]
    if plan.order:
        return sorted(names, key=lambda name: -(_number(source, plan, plan.order, name) or 0.0))
    return sorted(names, key=lambda name: (-_attained(source, plan, name), name))


def _number(source: Source, plan: Plan, kpi: str, name: str) -> float | None:
    record = source.records.current(kpi, f"{plan.dimension}={name}", source.choice.window)
    value = None if record is None else headline(record)
    return None if value is None else float(value)


def _attained(source: Source, plan: Plan, name: str) -> float:
    scope = f"{plan.dimension}={name}"
    record = source.records.current("revenue_won", scope, source.choice.window)
    return float((record or {}).get("attainment") or 0.0)


def _row(source: Source, plan: Plan, kpis: Sequence[str], name: str) -> Row:
    scope, window = f"{plan.dimension}={name}", source.choice.window
    cells = []
    for kpi in kpis:
        record = source.records.current(kpi, scope, window)
        grows = source.kind(kpi) in COUNTED
        drawn = bar(source.formats, record, grows=grows) if plan.has_bars else None
        cells.append(Cell(f"{kpi}|{scope}|{window}", source.shown(kpi, scope, window), drawn))
    rank = (source.records.current("revenue_won", scope, window) or {}).get("rank")
    return Row(
        name=name,
        href=source.choice.address(rep=name) if plan.links_to_rep else "",
        rank=source.formats.decimal(rank) if rank and source.choice.is_ranked else "",
        cells=cells,
        spark=spark(source.values(plan.line, source.records.days(plan.line, scope))),
    )
