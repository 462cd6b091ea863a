"""The committed dashboards: up to date, without overlaps, and with queries of existing series."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from streams.artifacts.grafana.dashboard_json import COLUMNS
from streams.artifacts.grafana.dashboards import contents, write
from streams.config.settings import Settings
from streams.gateway.metrics import Metrics
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.history.metrics import HistoryMetrics
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.operations.sources.reading.metrics import ReadMetrics
from streams.output.alerts import AlertCollector
from streams.output.prometheus.collector import KpiCollector
from streams.translation.metrics import TranslationMetrics
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics
from tests.deploy.grafana.dashboards import DASHBOARDS, FOLDER, IDS, PANELS, expressions
from tests.page.serving import page_metrics

KPIS = {kpi.name: kpi for kpi in catalogue(Settings()).published}
ENDINGS = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "gauge": ("",),
}
EVERY_PANEL = pytest.mark.parametrize(("name", "panel"), PANELS, ids=IDS)


def panel_of(name: str, title: str) -> dict[str, Any]:
    (found,) = [panel for file, panel in PANELS if (file, panel["title"]) == (name, title)]
    return found


def exported() -> set[str]:
    """Every series name that the processes can export, with a reporting currency of EUR."""
    settings = Settings()
    engine, gateway = WorkerMetrics(CollectorRegistry()), Metrics()
    WebhookMetrics(gateway.registry, ["odoo"])
    translator = TranslationMetrics(CollectorRegistry(), ["odoo"])
    ReadMetrics(translator.registry)
    families: list[Metric] = [
        *KpiCollector(catalogue(settings), settings).describe(),
        *AlertCollector().collect(),
        *engine.registry.collect(),
        *gateway.registry.collect(),
        *translator.registry.collect(),
        *NotifyMetrics(["chat"], now_ms).registry.collect(),
        *HistoryMetrics().registry.collect(),
        *page_metrics().registry.collect(),
    ]
    return {metric.name + ending for metric in families for ending in ENDINGS[metric.type]}


def test_committed_dashboards_are_those_of_the_catalogue(tmp_path: Path) -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert committed == dict(contents())
    assert {path.name: path.read_bytes() for path in write(tmp_path)} == committed


def test_dashboards_that_are_no_longer_made_are_removed(tmp_path: Path) -> None:
    (tmp_path / "sales.json").write_text("{}")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(contents())


def test_addresses_of_dashboards_never_change() -> None:
    assert {name: dashboard["uid"] for name, dashboard in DASHBOARDS.items()} == {
        "overview.json": "sales-kpis",
        "rep.json": "sales-kpis-rep",
        "pipeline.json": "sales-kpis-pipeline",
        "streams.json": "sales-kpis-streams",
    }


@EVERY_PANEL
def test_panel_queries_series_that_exist(name: str, panel: dict[str, Any]) -> None:
    asked = {
        found
        for expression in expressions(panel)
        for found in re.findall(
            r"\bsales_\w+", re.sub('"[^"]*"', "", expression.replace("${currency}", "eur"))
        )
    }
    assert asked
    assert asked <= exported(), name


@EVERY_PANEL
def test_panel_shows_values_in_their_base_units(name: str, panel: dict[str, Any]) -> None:
    if panel["type"] == "table":
        return
    defaults = panel["fieldConfig"]["defaults"]
    currencies = [o["properties"][0]["value"] for o in panel["fieldConfig"]["overrides"]]
    for expression in expressions(panel):
        if "_${currency}{" in expression:
            assert "currencyEUR" in currencies
            assert all(
                target["legendFormat"].endswith(" ${currency}") for target in panel["targets"]
            )
        elif "sales_kpi_target{" in expression:
            continue
        elif "_seconds{" in expression or "_seconds_bucket" in expression:
            assert defaults["unit"] == "s"
        elif "_ratio{" in expression:
            assert defaults["unit"] == "percentunit"
        else:
            assert defaults["unit"] in ("short", "cps", "s"), name


@EVERY_PANEL
def test_panel_has_a_text_and_says_why_it_is_empty(name: str, panel: dict[str, Any]) -> None:
    assert panel["description"], name
    empty = panel["fieldConfig"]["defaults"]["noValue"]
    assert (empty == "–") == (panel["type"] == "table")
    assert empty


@pytest.mark.parametrize(
    ("name", "title", "kpi"),
    [
        ("overview.json", "Close rate", "close_rate"),
        ("rep.json", "Response time, and the hour", "response_time"),
        ("pipeline.json", "Weighted", "pipeline_weighted"),
    ],
)
def test_panel_of_a_kpi_is_described_by_the_catalogue(name: str, title: str, kpi: str) -> None:
    text = panel_of(name, title)["description"]
    assert text == f"{' '.join(KPIS[kpi].text.split())}\n\nFormula: {KPIS[kpi].formula}"


@pytest.mark.parametrize("name", ["overview.json", "rep.json", "pipeline.json"])
def test_column_of_a_table_has_a_heading_and_a_unit(name: str) -> None:
    units = {"_seconds{": "s", "_ratio{": "percentunit"}
    for file, panel in PANELS:
        if file != name or panel["type"] != "table":
            continue
        first, *columns = panel["fieldConfig"]["overrides"]
        assert first["matcher"]["options"] == "value"
        assert len(columns) == len(panel["targets"])
        for column, target in zip(columns, panel["targets"], strict=True):
            assert column["matcher"]["options"] == f"Value #{target['refId']}"
            properties = {each["id"]: each["value"] for each in column["properties"]}
            units_of_name = [unit for ending, unit in units.items() if ending in target["expr"]]
            assert properties["unit"] == (units_of_name or ["short"])[0]
            is_money = "_${currency}{" in target["expr"]
            assert properties["displayName"].endswith(", ${currency}") == is_money


@pytest.mark.parametrize(
    ("name", "title", "limit", "above"),
    [
        ("overview.json", "Response time, and the hour", 3_600.0, "red"),
        ("overview.json", "Leads touched once and never again, and the 48 %", 0.48, "red"),
        ("overview.json", "Deals won per 1,000 calls, and the 32", 32.0, "green"),
        ("rep.json", "Response time, and the hour", 3_600.0, "red"),
        ("rep.json", "Leads touched once and never again, and the 48 %", 0.48, "red"),
        ("rep.json", "Deals won per 1,000 calls, and the 32", 32.0, "green"),
    ],
)
def test_benchmark_is_drawn(name: str, title: str, limit: float, above: str) -> None:
    defaults = panel_of(name, title)["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][1] == {"color": above, "value": limit}
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "dashed"}


@EVERY_PANEL
def test_target_is_a_dashed_line(name: str, panel: dict[str, Any]) -> None:
    aimed = [target for target in panel["targets"] if "sales_kpi_target{" in target["expr"]]
    dashed = [
        override
        for override in panel["fieldConfig"]["overrides"]
        if any(each["id"] == "custom.lineStyle" for each in override["properties"])
    ]
    assert len(aimed) == len(dashed), name
    for target, override in zip(aimed, dashed, strict=True):
        assert panel["type"] == "timeseries"
        pattern = re.compile(override["matcher"]["options"].strip("/"))
        assert [pattern.search(each["legendFormat"]) for each in aimed] != [None]
        others = [each for each in panel["targets"] if each is not target]
        assert not any(pattern.search(each["legendFormat"]) for each in others)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_do_not_overlap_and_fit_the_width(name: str) -> None:
    used_cells: set[tuple[int, int]] = set()
    panels = DASHBOARDS[name]["panels"]
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & used_cells
        assert at["x"] + at["w"] <= COLUMNS
        used_cells |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("name", ["overview.json", "rep.json", "pipeline.json"])
def test_variables_are_those_that_the_panels_use(name: str) -> None:
    text = orjson.dumps(DASHBOARDS[name]["panels"]).decode()
    used = {found for found in re.findall(r"\$\{?([a-z_]+)", text) if not found.startswith("__")}
    assert used == {variable["name"] for variable in DASHBOARDS[name]["templating"]["list"]}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_links_lead_to_dashboards_and_fill_in_their_variables(name: str) -> None:
    variables = {
        dashboard["uid"]: {variable["name"] for variable in dashboard["templating"]["list"]}
        for dashboard in DASHBOARDS.values()
    }
    text = orjson.dumps(DASHBOARDS[name]).decode()
    links = re.findall(r'"/d/([^"?]+)\??([^"]*)"', text)
    assert {uid for uid, _ in links} >= set(variables) - {DASHBOARDS[name]["uid"]}
    for uid, query in links:
        set_by_link = re.findall(r"\$\{(\w+):queryparam\}", query) + re.findall(
            r"var-(\w+)=", query
        )
        assert set(set_by_link) <= variables[uid]


def test_overview_leads_to_the_rep_of_a_row() -> None:
    override = panel_of("overview.json", "Reps")["fieldConfig"]["overrides"][0]
    (link,) = [each["value"][0] for each in override["properties"] if each["id"] == "links"]
    assert link["url"].startswith("/d/sales-kpis-rep?var-rep=${__value.raw:percentencode}&")


@pytest.mark.parametrize("name", DASHBOARDS)
def test_customers_are_nowhere(name: str) -> None:
    assert "account" not in orjson.dumps(DASHBOARDS[name]["templating"]).decode()
    assert not any(
        'dimension="account"' in query
        for file, panel in PANELS
        if file == name
        for query in expressions(panel)
    )
