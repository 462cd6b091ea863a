"""Every panel of the streams' health answers the right number, by Prometheus's own evaluation."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.grafana.dashboards import PANELS, expressions, filled
from tests.deploy.grafana.expected_panels import EXPECTED as EXPECTED_OF_KPIS
from tests.deploy.grafana.expected_streams import EXPECTED, Answered

PROMTOOL = shutil.which("promtool")
STREAMS_PANELS = [(name, panel) for name, panel in PANELS if (name, panel["title"]) in EXPECTED]
pytestmark = pytest.mark.skipif(
    PROMTOOL is None,
    reason="there is no `promtool` on the path (Debian: apt-get install prometheus): the streams'"
    " panels were checked by name only",
)


def evaluated(folder: Path, expression: str, expected: Answered) -> str:
    """What Prometheus's test tool complains about, empty where the answer is right."""
    query = filled(expression, {"__rate_interval": "1m"})
    test = {
        "interval": "15s",
        "input_series": [
            {"series": series, "values": values} for series, values in expected.series.items()
        ],
        "promql_expr_test": [
            {
                "expr": query,
                "eval_time": "5m",
                "exp_samples": [
                    {"labels": labels, "value": value} for labels, value in expected.answer.items()
                ],
            }
        ],
    }
    (folder / "panel.yml").write_text(yaml.safe_dump({"tests": [test]}))
    found = subprocess.run(
        [str(PROMTOOL), "test", "rules", "panel.yml"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    return "" if found.returncode == 0 else found.stdout + found.stderr


@pytest.mark.parametrize(
    ("name", "panel"),
    STREAMS_PANELS,
    ids=[f"{name}: {panel['title']}" for name, panel in STREAMS_PANELS],
)
def test_panel_answers_the_right_number(tmp_path: Path, name: str, panel: dict[str, Any]) -> None:
    expected = EXPECTED[name, panel["title"]]
    for expression, answered in zip(expressions(panel), expected, strict=True):
        assert evaluated(tmp_path, expression, answered) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (kind) (rate(sales_kpis_events_total[$__rate_interval]))",
        "sum by (topic) (rate(sales_kpis_late_total[$__rate_interval]))",
        "sum by (topic) (increase(sales_kpis_events_total[$__rate_interval]))",
    ],
    ids=["label", "series", "function"],
)
def test_wrong_name_in_a_query_is_noticed(tmp_path: Path, expression: str) -> None:
    (expected,) = EXPECTED["streams.json", "Events"]
    assert "FAILED" in evaluated(tmp_path, expression, expected)


def test_every_panel_is_compared_with_known_numbers() -> None:
    compared = set(EXPECTED) | {
        (name, title) for name, panels in EXPECTED_OF_KPIS.items() for title in panels
    }
    assert {(name, panel["title"]) for name, panel in PANELS} == compared
