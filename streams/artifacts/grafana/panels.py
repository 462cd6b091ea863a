"""Grafana's format of a dashboard: sections of panels, laid out from left to right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "bargauge"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
# Grafana cannot use a variable as a unit: where the name of a series ends with a currency, the
# unit is set by an override. Amounts in other currencies are shown without a unit.
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "INR")
MONEY = "money"


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and the legend of its series."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: title, kind, Grafana unit or MONEY, queries and description.

    `limit` is drawn as a line and by colour: values above it are bad, or good where `is_floor`.
    `empty` is shown while there are no values.
    """

    title: str
    kind: Kind
    unit: str
    queries: Sequence[Query]
    text: str
    width: int = 6
    height: int = 7
    limit: float | None = None
    is_floor: bool = False
    empty: str = "nothing yet"


@dataclass(frozen=True, slots=True)
class Section:
    """A question and the panels that answer it."""

    title: str
    panels: Sequence[Panel]


def dashboard(title: str, uid: str, variables: Sequence[Json], sections: Iterable[Section]) -> Json:
    """Return a dashboard, ready to be provisioned."""
    return {
        "annotations": {"list": []},
        "editable": False,
        "graphTooltip": 1,
        "links": [],
        "panels": list(_laid_out(sections)),
        "refresh": "10s",
        "schemaVersion": 39,
        "tags": ["sales"],
        "templating": {"list": list(variables)},
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "title": title,
        "uid": uid,
        "version": 1,
    }


def choice_variable(name: str, label: str, values: Sequence[str], current: str) -> Json:
    """Return a variable with a fixed list of values."""
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(values),
        "current": {"selected": True, "text": current, "value": current},
        "options": [
            {"selected": value == current, "text": value, "value": value} for value in values
        ],
        "multi": False,
        "includeAll": False,
    }


def query_variable(name: str, label: str, query: str, current: Json, **more: Any) -> Json:
    """Return a variable whose values are queried from Prometheus."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "current": {"selected": True, **current},
        "refresh": 2,
        "sort": 1,
        **more,
    }


def source_variable(name: str, label: str) -> Json:
    """Return the variable that selects the Prometheus data source."""
    return {
        "name": name,
        "label": label,
        "type": "datasource",
        "query": "prometheus",
        "current": {"selected": True, "text": "Prometheus", "value": "prometheus"},
        "refresh": 1,
    }


def _laid_out(sections: Iterable[Section]) -> Iterator[Json]:
    number, y = 0, 0
    for section in sections:
        number += 1
        position = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {
            "id": number,
            "type": "row",
            "title": section.title,
            "collapsed": False,
            "gridPos": position,
            "panels": [],
        }
        x, y, height = 0, y + 1, 0
        for panel in section.panels:
            if x + panel.width > COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            position = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": position, **_panel(panel)}
            x, height = x + panel.width, max(height, panel.height)
        y += height


def _panel(panel: Panel) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": "short" if panel.unit == MONEY else panel.unit,
                "noValue": panel.empty,
                "color": {
                    "mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"
                },
                "thresholds": {"mode": "absolute", "steps": _steps(panel)},
                "custom": _custom(panel),
            },
            "overrides": _currencies() if panel.unit == MONEY else [],
        },
        "options": _OPTIONS[panel.kind],
        "targets": [
            {
                "refId": name,
                "datasource": SOURCE,
                "editorMode": "code",
                "expr": query.expression,
                "legendFormat": query.legend,
                # A single number is the current one: a removed series must not stay visible.
                "instant": panel.kind != "timeseries",
                "range": panel.kind == "timeseries",
            }
            for name, query in zip(ascii_uppercase, panel.queries, strict=False)
        ],
    }


def _steps(panel: Panel) -> list[Json]:
    if panel.limit is None:
        return [{"color": "blue", "value": None}]
    below, above = ("red", "green") if panel.is_floor else ("green", "red")
    return [{"color": below, "value": None}, {"color": above, "value": panel.limit}]


def _custom(panel: Panel) -> Json:
    if panel.kind != "timeseries":
        return {}
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 8,
        "lineWidth": 2,
        "showPoints": "never",
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
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "bargauge": {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": _REDUCED,
        "showUnfilled": True,
        "valueMode": "color",
    },
}
