"""The dashboards' files, the same for the same catalogue."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from streams.artifacts.grafana.boards.history import history
from streams.artifacts.grafana.boards.overview import overview
from streams.artifacts.grafana.boards.pipeline import pipeline
from streams.artifacts.grafana.boards.rep import rep
from streams.artifacts.grafana.boards.streams_health import streams_health
from streams.artifacts.grafana.dashboard_json import dashboard_json
from streams.artifacts.grafana.panels import Dashboard
from streams.config.settings import Settings
from streams.wiring.catalogue import catalogue


def write(folder: Path) -> list[Path]:
    """Write the dashboards on Prometheus to a folder, and return their paths.

    Other dashboards are removed from it.
    """
    return _write(folder, contents())


def write_history(folder: Path) -> list[Path]:
    """Write the dashboard on the history to a folder of its own, and return its path."""
    return _write(folder, history_contents())


def _write(folder: Path, written: Mapping[str, bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in written:
            path.unlink()
    for name, content in written.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in written]


def contents() -> Mapping[str, bytes]:
    """Return the files' contents by name."""
    settings = Settings()
    found, windows = catalogue(settings), settings.metrics_windows
    dashboards = {
        "overview.json": overview(found, windows),
        "rep.json": rep(found, windows),
        "pipeline.json": pipeline(found, windows),
        "streams.json": streams_health(),
    }
    return _written(dashboards)


def history_contents() -> Mapping[str, bytes]:
    """Return the file of the dashboard on the history, which needs a PostgreSQL."""
    return _written({"history.json": history(catalogue(Settings()))})


def _written(dashboards: Mapping[str, Dashboard]) -> dict[str, bytes]:
    return {
        name: orjson.dumps(
            dashboard_json(dashboard), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        for name, dashboard in dashboards.items()
    }
