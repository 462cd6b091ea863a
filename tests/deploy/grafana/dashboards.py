"""The committed dashboards, and what Grafana makes of their queries."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from tests.deploy.prometheus import DEPLOY

FOLDER = DEPLOY / "grafana/dashboards"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.name: orjson.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))
}
PANELS: list[tuple[str, dict[str, Any]]] = [
    (name, panel)
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
    if panel["type"] != "row"
]
IDS = [f"{name}: {panel['title']}" for name, panel in PANELS]


def expressions(panel: dict[str, Any]) -> list[str]:
    """The queries of a panel, with their variables."""
    return [target["expr"] for target in panel["targets"]]


def filled(expression: str, choice: Mapping[str, str]) -> str:
    """Put in what the reader has chosen, as Grafana does."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: choice[found[1]], expression)
