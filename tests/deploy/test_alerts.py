"""Prometheus' alerting rules: they fire when they should, on metrics that exist."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from streams.alerts import KINDS
from streams.config.settings import Settings
from streams.gateway.metrics import Metrics
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.history.metrics import HistoryMetrics
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.output.alerts import AlertCollector
from streams.output.prometheus.collector import KpiCollector
from streams.translation.metrics import TranslationMetrics
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics
from tests.page.serving import page_metrics

FOLDER = Path(__file__).parents[2] / "deploy/prometheus"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
PROMTOOL = shutil.which("promtool")


@pytest.mark.skipif(
    PROMTOOL is None,
    reason="there is no `promtool` on the path (Debian: apt-get install prometheus): the alerting"
    " rules were checked by the names of their metrics only",
)
def test_rules_fire_when_they_should() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", "alerts.test.yml", "alerts-of-days.test.yml"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_metrics_of_a_rule_exist(rule: dict[str, Any]) -> None:
    registry = CollectorRegistry()
    WorkerMetrics(registry)
    registry.register(AlertCollector())
    known = {"up"}
    settings = Settings()
    kpis = KpiCollector(catalogue(settings), settings).describe()
    gateway = Metrics()
    WebhookMetrics(gateway.registry, ["odoo"])
    TranslationMetrics(registry, ["odoo"])
    readers = (NotifyMetrics(["chat"], now_ms), HistoryMetrics(), page_metrics())
    for metric in (
        *(*registry.collect(), *gateway.registry.collect(), *kpis),
        *(metric for reader in readers for metric in reader.registry.collect()),
    ):
        known |= {metric.name, f"{metric.name}_total", f"{metric.name}_bucket"}
    asked = set(re.findall(r"\bsales_kpis?_\w+", rule["expr"])) or {"up"}
    assert asked <= known
    assert set(re.findall(r'kind="(\w+)"', rule["expr"])) <= set(KINDS)
