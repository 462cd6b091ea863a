"""The committed schemas: up to date, true to the decoder and to what is published."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from streams.artifacts.examples import RULES
from streams.artifacts.schema_folder import files, write
from streams.config.rules import parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings, instant
from streams.engine.catalogue.derived import Derived
from streams.events import (
    EVENT_TYPES,
    Common,
    Rejected,
    decode,
)
from streams.events.formats.schemas import schema_file
from streams.operations.replay import replay
from streams.output.keys import WINDOWS
from streams.wiring.catalogue import catalogue
from tests.histories import history, lines

FOLDER = Path(__file__).parents[2] / "schemas"
FORMATS = FormatChecker(formats=("date",))


@FORMATS.checks("date-time", raises=ValueError)
def is_date_time(text: object) -> bool:
    """Tell whether a text is RFC 3339 with an offset."""
    return not isinstance(text, str) or datetime.fromisoformat(text.upper()).tzinfo is not None


@cache
def validator(name: str) -> Draft202012Validator:
    schema = orjson.loads((FOLDER / name).read_bytes())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FORMATS)


def example(kind: type[Common]) -> dict[str, Any]:
    name = f"{kind.__struct_config__.tag}.json"
    event: dict[str, Any] = orjson.loads((FOLDER / "examples" / name).read_bytes())
    return event


def tag(kind: type[Common]) -> str:
    return str(kind.__struct_config__.tag)


def test_committed_files_match_the_types() -> None:
    expected = dict(files())
    committed = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert committed == set(expected)
    assert [
        name for name, content in expected.items() if (FOLDER / name).read_bytes() != content
    ] == []


def test_writing_gives_the_same_files_anywhere(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in written} == set(dict(files()))
    assert (tmp_path / "kpi-record.json").read_bytes() == (FOLDER / "kpi-record.json").read_bytes()


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=tag)
def test_example_is_valid_and_decoded_as_its_type(kind: type[Common]) -> None:
    event = example(kind)
    validator(schema_file(kind)).validate(event)
    assert isinstance(decode(orjson.dumps(event)), kind)


def disturbed(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Break an event in one field at a time."""
    for field, value in event.items():
        yield f"without {field}", {name: v for name, v in event.items() if name != field}
        yield f"{field} null", {**event, field: None}
        yield f"{field} a list", {**event, field: [value]}
        yield f"{field} long", {**event, field: "x" * 5_000}
        yield f"{field} empty", {**event, field: ""}
        yield f"{field} a number", {**event, field: -1.5}
        yield f"{field} a truth", {**event, field: True}
    for field, texts in {
        "at": (
            *("2026-03-04T09:15:00", "2026-03-04", "2026-13-04T09:15:00Z"),
            *("1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0999-03-04T09:15:00Z"),
            *("1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999999999Z", "2100-06-01t08:00:00z"),
        ),
        "amount": ("12,50", "1e3", "-12.50", "1."),
        "rate": ("-1", "1.0837"),
        "currency": ("eur", "EURO"),
        "due": ("2026-02-30", "04.03.2026", "1969-12-31", "2200-01-01", "2199-12-31"),
    }.items():
        for text in texts if field in event else ():
            yield f"{field} {text}", {**event, field: text}
    yield "a field of tomorrow", {**event, "mood": {"good": True}}


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=tag)
def test_schema_and_decoder_accept_and_refuse_the_same(kind: type[Common]) -> None:
    schema = validator(schema_file(kind))
    cases = list(disturbed(example(kind)))
    verdicts = {what: schema.is_valid(event) for what, event in cases}
    assert verdicts == {
        what: not isinstance(decode(orjson.dumps(event)), Rejected) for what, event in cases
    }
    assert set(verdicts.values()) == {True, False}


def test_every_kpi_has_a_valid_example() -> None:
    schema = validator("kpi-record.json")
    for kpi in catalogue(Settings()).published:
        path = FOLDER / "examples" / f"kpi-record.{kpi.name}.json"
        schema.validate(orjson.loads(path.read_bytes()))


def test_what_replay_prints_is_valid() -> None:
    schema = jsonschema_rs.validator_for(
        orjson.loads((FOLDER / "kpi-record.json").read_bytes()), validate_formats=True
    )
    settings = Settings(now=instant("2026-06-15T12:00:00+02:00", "now"), timezone="Europe/Berlin")
    events = lines(history(1, 1_500, start=date(2026, 4, 1), days=60)).splitlines()
    paid = parse(read_table(RULES, "rules.toml"))
    found = [orjson.loads(line) for line in replay(events, settings, rules=paid)]
    assert {record["window"] for record in found} == set(WINDOWS)
    published = {kpi.name for kpi in catalogue(settings).published}
    assert {record["kpi"] for record in found} == published
    for record in found:
        schema.validate(record)


@pytest.mark.parametrize(
    "change",
    [
        {"value": "12.50"},
        {"parts": {"sum": 1}},
        {"unit": "money:EUR"},
        {"percentiles": {"p50": 1}},
        {"kpi": "response_times"},
        {"window": "decade"},
        {"scope": {"rep": "ann", "team": "south"}},
        {"revision": 0},
        {"start": "2026-03-01"},
    ],
    ids=str,
)
def test_record_that_is_none_is_refused(change: dict[str, Any]) -> None:
    record = orjson.loads((FOLDER / "examples" / "kpi-record.response_time.json").read_bytes())
    schema = validator("kpi-record.json")
    assert schema.is_valid(record)
    assert not schema.is_valid({**record, **change})


def test_parts_follow_the_measure() -> None:
    schema = validator("kpi-record.json")
    for kpi in catalogue(Settings()).published:
        path = FOLDER / "examples" / f"kpi-record.{kpi.name}.json"
        record = orjson.loads(path.read_bytes())
        # What a derived KPI follows from is named, and otherwise free.
        other: object = [] if isinstance(kpi, Derived) else {"n": 1}
        assert not schema.is_valid({**record, "parts": other})
