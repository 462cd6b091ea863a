"""The dashboards in Grafana's own types: each field is one that Grafana knows."""

import orjson
import pytest

from tests.deploy.grafana.dashboards import DASHBOARDS
from tests.deploy.grafana.grafana_types import as_grafana_knows_it, differences


@pytest.mark.parametrize("name", DASHBOARDS)
def test_dashboard_has_only_fields_that_grafana_knows(name: str) -> None:
    dashboard = DASHBOARDS[name]
    assert list(differences(dashboard, as_grafana_knows_it(dashboard))) == []


@pytest.mark.parametrize(
    "place",
    [(), ("fieldConfig",), ("fieldConfig", "defaults", "custom"), ("options",), ("gridPos",)],
    ids=".".join,
)
def test_unknown_field_of_a_panel_is_noticed(place: tuple[str, ...]) -> None:
    dashboard = orjson.loads(orjson.dumps(DASHBOARDS["overview.json"]))
    (number,) = [
        number for number, panel in enumerate(dashboard["panels"]) if panel["title"] == "Close rate"
    ]
    part = dashboard["panels"][number]
    for name in place:
        part = part[name]
    part["colour"] = "blue"
    found = list(differences(dashboard, as_grafana_knows_it(dashboard)))
    assert found == [".".join([f".panels[{number}]", *place, "colour"])]
