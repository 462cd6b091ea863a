"""Grafana's format of a panel: queries, units, colours, lines and links."""

from string import ascii_uppercase

from streams.artifacts.grafana.panels import MONEY, Column, Json, Kind, Link, Panel, Query, SqlQuery
from streams.artifacts.grafana.variables import HISTORY, SOURCE

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "INR")
# The legend of a line that says what a value should come to begins with this word.
TARGET = "target"


def panel_json(panel: Panel) -> Json:
    """Return a panel without its id and place."""
    made = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": HISTORY if _is_past(panel) else SOURCE,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        "options": _options(panel),
        "targets": _columns(panel) if panel.columns else _targets(panel),
    }
    if panel.link:
        made["links"] = [link_json(panel.link, keeps_choice=False)]
    if panel.columns:
        made["transformations"] = _joined(panel)
    return made


def _defaults(panel: Panel) -> Json:
    defaults: Json = {
        "unit": _unit(panel.unit),
        # Of a table it stands in each cell that has no value.
        "noValue": "–" if panel.columns else panel.empty,
        "color": {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"},
        "thresholds": _thresholds(panel.limit, is_floor=panel.is_floor),
        "custom": _custom(panel),
    }
    if panel.kind == "bargauge":
        defaults["min"] = 0
        if panel.full is not None:
            defaults["max"] = panel.full
    if panel.value_link and not panel.columns:
        defaults["links"] = [_link(panel.value_link)]
    return defaults


def link_json(link: Link, *, keeps_choice: bool) -> Json:
    """Return a link of a dashboard or a panel; it adds what the reader has chosen, or does not."""
    return {
        "type": "link",
        "title": link.title,
        "url": link.url,
        "icon": "dashboard",
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "includeVars": keeps_choice,
        "keepTime": keeps_choice,
        "targetBlank": False,
    }


def _link(link: Link) -> Json:
    """Return a link of values, which Grafana writes shorter."""
    return {"title": link.title, "url": link.url, "targetBlank": False}


def _unit(unit: str) -> str:
    return "short" if unit == MONEY else unit


def _is_past(panel: Panel) -> bool:
    return any(isinstance(query, SqlQuery) for query in panel.queries)


def _options(panel: Panel) -> Json:
    options = _OPTIONS[panel.kind]
    if _is_past(panel) and "reduceOptions" in options:
        # Each row is a bar.
        return {**options, "reduceOptions": {**_REDUCED, "values": True}}
    return options


def _targets(panel: Panel) -> list[Json]:
    return [
        _target(name, query, is_instant=panel.kind != "timeseries")
        for name, query in zip(ascii_uppercase, panel.queries, strict=False)
    ]


def _target(name: str, query: Query | SqlQuery, *, is_instant: bool) -> Json:
    if isinstance(query, SqlQuery):
        return {
            "refId": name,
            "datasource": HISTORY,
            "editorMode": "code",
            "format": "time_series" if query.is_series else "table",
            "rawQuery": True,
            "rawSql": query.sql,
        }
    return {
        "refId": name,
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": query.legend,
        # A single number is the current one: a removed series must not stay visible.
        "instant": is_instant,
        "range": not is_instant,
    }


def _columns(panel: Panel) -> list[Json]:
    return [
        {
            "refId": name,
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": column.query,
            "format": "table",
            "instant": True,
            "range": False,
        }
        for name, column in zip(ascii_uppercase, panel.columns, strict=False)
    ]


def _joined(panel: Panel) -> list[Json]:
    """Join the columns' queries to rows, the name first."""
    names = ["value", *(f"Value #{name}" for name, _ in _lettered(panel))]
    without_time = {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {}}
    return [
        # Rows are joined by all that is common: an instant that differs would keep them apart.
        {"id": "organize", "options": without_time},
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {},
                "indexByName": {name: place for place, name in enumerate(names)},
                "renameByName": {},
            },
        },
    ]


def _lettered(panel: Panel) -> list[tuple[str, Column]]:
    return list(zip(ascii_uppercase, panel.columns, strict=False))


def _overrides(panel: Panel) -> list[Json]:
    if panel.columns:
        return [_row_names(panel), *(_column(name, column) for name, column in _lettered(panel))]
    found = _currencies() if panel.unit == MONEY else []
    if panel.kind == "timeseries" and (
        _is_past(panel) or any(query.legend.startswith(TARGET) for query in panel.queries)
    ):
        found.append(_TARGET_LINE)
    return found


def _row_names(panel: Panel) -> Json:
    properties: list[Json] = [{"id": "displayName", "value": panel.rows}]
    if panel.value_link:
        properties.append({"id": "links", "value": [_link(panel.value_link)]})
    return _named("value", properties)


def _column(name: str, column: Column) -> Json:
    is_money = column.unit == MONEY
    title = f"{column.title}, ${{currency}}" if is_money else column.title
    properties: list[Json] = [
        {"id": "displayName", "value": title},
        {"id": "unit", "value": _unit(column.unit)},
    ]
    if column.limit is not None:
        properties += [
            {"id": "thresholds", "value": _thresholds(column.limit, is_floor=column.is_floor)},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ]
    return _named(f"Value #{name}", properties)


def _named(name: str, properties: list[Json]) -> Json:
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def _thresholds(limit: float | None, *, is_floor: bool) -> Json:
    if limit is None:
        steps: list[Json] = [{"color": "blue", "value": None}]
    else:
        below, above = ("red", "green") if is_floor else ("green", "red")
        steps = [{"color": below, "value": None}, {"color": above, "value": limit}]
    return {"mode": "absolute", "steps": steps}


def _custom(panel: Panel) -> Json:
    if panel.kind == "table":
        return {"align": "auto", "filterable": False, "minWidth": 80}
    if panel.kind != "timeseries":
        return {}
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 8,
        "lineWidth": 2,
        # The past has a value a window: a single one is no line.
        "showPoints": "always" if _is_past(panel) else "never",
        "spanNulls": False,
        "axisSoftMin": 0,
        "thresholdsStyle": {"mode": "off" if panel.limit is None else "dashed"},
    }
    if panel.limit is not None:
        # A little more than the limit, so that its line is visible even if all values are low.
        custom["axisSoftMax"] = panel.limit * 1.1
    return custom


def _currencies() -> list[Json]:
    return [
        {
            "matcher": {"id": "byRegexp", "options": f"/ {currency.lower()}$/"},
            "properties": [{"id": "unit", "value": f"currency{currency}"}],
        }
        for currency in CURRENCIES
    ]


_TARGET_LINE: Json = {
    "matcher": {"id": "byRegexp", "options": f"/^{TARGET}/"},
    "properties": [
        {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 6]}},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "custom.lineWidth", "value": 1},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": "text"}},
    ],
}
_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[Kind, Json] = {
    "stat": {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _REDUCED,
        "textMode": "auto",
    },
    "timeseries": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "bargauge": {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": _REDUCED,
        "showUnfilled": True,
        "valueMode": "color",
    },
    "table": {"cellHeight": "sm", "showHeader": True},
}
