"""Grafana's form of a dashboard: rows of panels, laid out from left to right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "bargauge"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
# Grafana cannot take a unit from a variable: where a series ends with a currency's name, the
# unit follows from it. Of any other currency the number is shown as it is.
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "INR")
MONEY = "money"


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and what its series are called."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows, in which of Grafana's units (or MONEY), and why.

    `limit` is drawn as a line and told by colour: what is over it is bad, or good where
    `is_floor`. `empty` is what stands there while there is nothing to show.
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
class PanelRow:
    """A question, and the panels that answer it."""

    title: str
    panels: Sequence[Panel]


def dashboard(title: str, uid: str, variables: Sequence[Json], lines: Iterable[PanelRow]) -> Json:
    """Put a dashboard together, ready to be provisioned."""
    return {
        "annotations": {"list": []},
        "editable": False,
        "graphTooltip": 1,
        "links": [],
        "panels": list(_laid_out(lines)),
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


def choice(name: str, label: str, values: Sequence[str], current: str) -> Json:
    """Make a variable with a fixed list of values."""
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


def found(name: str, label: str, query: str, current: Json, **more: Any) -> Json:
    """Make a variable whose values Prometheus is asked for."""
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


def source(name: str, label: str) -> Json:
    """Make the variable that says which Prometheus."""
    return {
        "name": name,
        "label": label,
        "type": "datasource",
        "query": "prometheus",
        "current": {"selected": True, "text": "Prometheus", "value": "prometheus"},
        "refresh": 1,
    }


def _laid_out(lines: Iterable[PanelRow]) -> Iterator[Json]:
    number, y = 0, 0
    for line in lines:
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {
            "id": number,
            "type": "row",
            "title": line.title,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        x, y, height = 0, y + 1, 0
        for panel in line.panels:
            if x + panel.width > COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
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
                # A number is that of now: one that has gone must not linger.
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
        # A little more than the limit, so that its line is seen however low the values are.
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
