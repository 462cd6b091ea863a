"""Grafana's format of a dashboard: sections of panels, laid out from left to right."""

from collections.abc import Iterator, Sequence

from streams.artifacts.grafana.panel_json import link_json, panel_json
from streams.artifacts.grafana.panels import Dashboard, Json, Section

COLUMNS = 24


def dashboard_json(dashboard: Dashboard) -> Json:
    """Return a dashboard, ready to be provisioned."""
    return {
        "annotations": {"list": []},
        "description": dashboard.text,
        "editable": False,
        "graphTooltip": 1,
        "links": [link_json(link, keeps_choice=True) for link in dashboard.links],
        "panels": list(_laid_out(dashboard.sections)),
        "refresh": dashboard.refresh,
        "schemaVersion": 39,
        "tags": ["sales"],
        "templating": {"list": list(dashboard.variables)},
        "time": {"from": dashboard.time_from, "to": "now"},
        "timezone": "browser",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
    }


def _laid_out(sections: Sequence[Section]) -> Iterator[Json]:
    number, y = 0, 0
    for section in sections:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": section.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
            "panels": [],
        }
        x, y, height = 0, y + 1, 0
        for panel in section.panels:
            if x + panel.width > COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            position = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": position, **panel_json(panel)}
            x, height = x + panel.width, max(height, panel.height)
        y += height
