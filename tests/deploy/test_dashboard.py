"""The committed dashboard: up to date, without overlaps, and with queries of existing series."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from streams.artifacts.grafana.dashboard import content, write
from streams.artifacts.grafana.panels import COLUMNS
from streams.config.settings import Settings
from streams.gateway.metrics import Metrics
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.output.prometheus.collector import KpiCollector
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
DASHBOARD: dict[str, Any] = orjson.loads((FOLDER / "sales.json").read_bytes())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ENDINGS = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "gauge": ("",),
}


def title(panel: dict[str, Any]) -> str:
    return str(panel["title"])


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"].replace("${currency}", "eur") for target in panel["targets"]]


def exported() -> set[str]:
    """Every series name that worker and gateway can export, with a reporting currency of EUR."""
    settings = Settings()
    engine, gateway = WorkerMetrics(CollectorRegistry()), Metrics()
    WebhookMetrics(gateway.registry, ["odoo"])
    families: list[Metric] = [
        *KpiCollector(catalogue(settings), settings).describe(),
        *engine.registry.collect(),
        *gateway.registry.collect(),
    ]
    return {metric.name + ending for metric in families for ending in ENDINGS[metric.type]}


def test_committed_dashboard_is_that_of_the_catalogue(tmp_path: Path) -> None:
    assert (FOLDER / "sales.json").read_bytes() == content()
    assert write(tmp_path).read_bytes() == content()
    assert [path.name for path in FOLDER.iterdir()] == ["sales.json"]


@pytest.mark.parametrize("panel", PANELS, ids=title)
def test_panel_queries_series_that_exist(panel: dict[str, Any]) -> None:
    asked = {
        name for expression in expressions(panel) for name in re.findall(r"\bsales_\w+", expression)
    }
    assert asked
    assert asked <= exported()


def test_every_question_has_its_panels() -> None:
    asked = " ".join(expression for panel in PANELS for expression in expressions(panel))
    for name in (
        "response_time_seconds",
        "response_time_p50_seconds",
        "response_time_p90_seconds",
        "response_within_hour_ratio",
        "unanswered_leads",
        "call_count",
        "wins_by_contact",
        "pipeline_amount_eur",
        "pipeline_count",
        "pipeline_weighted_eur",
        "expired_pipeline_eur",
        "stale_opportunities",
        "close_rate_ratio",
        "revenue_won_eur",
        "kpis_events_total",
        "kpis_rejected_total",
        "kpis_lag_records",
        "kpis_commit_seconds_bucket",
        "kpis_shards",
    ):
        assert f"sales_{name}" in asked


@pytest.mark.parametrize("panel", PANELS, ids=title)
def test_panel_shows_values_in_their_base_units(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    currencies = {o["properties"][0]["value"] for o in panel["fieldConfig"]["overrides"]}
    for expression in expressions(panel):
        if "_eur{" in expression:
            assert "currencyEUR" in currencies
            assert all(
                target["legendFormat"].endswith(" ${currency}") for target in panel["targets"]
            )
        elif "_seconds{" in expression or "_seconds_bucket" in expression:
            assert defaults["unit"] == "s"
        elif "_ratio{" in expression:
            assert defaults["unit"] == "percentunit"
        else:
            assert defaults["unit"] in ("short", "cps", "s")
    assert defaults["noValue"]
    assert panel["description"]


def test_the_hour_is_drawn() -> None:
    (panel,) = [panel for panel in PANELS if panel["title"] == "Response time, and the hour"]
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][1] == {"color": "red", "value": 3600.0}
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed"}


def test_panels_do_not_overlap_and_fit_the_width() -> None:
    used_cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & used_cells
        assert at["x"] + at["w"] <= COLUMNS
        used_cells |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_variables_are_those_that_the_panels_use() -> None:
    text = orjson.dumps(DASHBOARD["panels"]).decode()
    used = set(re.findall(r"\$\{?([a-z_]+)", text)) - {"__rate_interval"}
    assert used == {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    (dimension,) = [
        variable for variable in DASHBOARD["templating"]["list"] if variable["name"] == "dimension"
    ]
    assert "account" not in dimension["query"].split(",")
