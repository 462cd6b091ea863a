"""The schema of alerts: true to what is published."""

from datetime import date

import orjson
import pytest
from jsonschema import Draft202012Validator

from streams.alerts import KINDS
from streams.artifacts.schema_folder import files
from streams.config.settings import Settings, instant
from streams.operations.replay import replay_alerts
from tests.artifacts.test_json_schemas import FORMATS
from tests.histories import history, lines

FILES = dict(files())


def validator() -> Draft202012Validator:
    schema = orjson.loads(FILES["alert.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FORMATS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_fits(kind: str) -> None:
    example = orjson.loads(FILES[f"examples/alert.{kind}.json"])
    assert example["kind"] == kind
    validator().validate(example)


def test_alerts_of_a_long_history_fit() -> None:
    settings = Settings(now=instant("2026-03-10T12:00:00+00:00", "now"), timezone="Asia/Tehran")
    told = lines(history(4, 3_000, start=date(2026, 1, 5), days=60)).splitlines()
    found = [orjson.loads(line) for line in replay_alerts(told, settings)]
    assert len({alert["kind"] for alert in found}) >= 5
    check = validator()
    for alert in found:
        check.validate(alert)
