"""Reference records that name what does not exist are refused, by name."""

import json
from typing import Any

import pytest

from streams.config.settings import Settings
from streams.events import Common, KnownNames, Rejected, decode
from streams.gateway.canonical import from_json
from streams.gateway.cloudevents import from_structured
from streams.gateway.errors import Problem, RequestRejected
from streams.gateway.records import all_or_none, checked
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue, known_names
from tests.events.wire import valid, written

KNOWN = known_names(catalogue(Settings()))
BAD = (
    (
        "target.set",
        {"kpi": "revenue_wonn"},
        "kpi",
        "unknown KPI revenue_wonn; did you mean revenue_won?",
    ),
    ("target.set", {"kpi": "weather"}, "kpi", "unknown KPI weather"),
    (
        "target.set",
        {"kpi": "collected", "scope": {"campaign": "spring"}},
        "scope",
        "collected has no scope campaign; it has all, rep and team",
    ),
    (
        "target.set",
        {"kpi": "commission", "scope": {}},
        "scope",
        "commission has no scope all; it has rep",
    ),
    (
        "rep.set",
        {"timezone": "Europe/Berln"},
        "timezone",
        "unknown time zone Europe/Berln; did you mean Europe/Berlin?",
    ),
)
GOOD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("target.set", {}),
    ("target.set", {"scope": {"rep": "ann"}}),
    ("rep.set", {"timezone": "Asia/Kathmandu"}),
    ("rep.set", {"timezone": None}),
    ("rep.set", {"timezone": ""}),
    ("lead.created", {}),
)
each_bad = pytest.mark.parametrize(("kind", "fields", "field", "reason"), BAD)


def read(kind: str, fields: dict[str, Any]) -> Common:
    found = decode(written(valid(kind) | fields))
    assert not isinstance(found, Rejected), found
    return found


@each_bad
def test_name_that_is_not_known_is_named(
    kind: str, fields: dict[str, Any], field: str, reason: str
) -> None:
    assert KNOWN.problem(read(kind, fields)) == Rejected(reason, field, "unknown name")


@pytest.mark.parametrize(("kind", "fields"), GOOD)
def test_known_name_is_no_problem(kind: str, fields: dict[str, Any]) -> None:
    assert KNOWN.problem(read(kind, fields)) is None


def test_hidden_kpi_cannot_have_a_target() -> None:
    hidden = [kpi.name for kpi in catalogue(Settings()).kpis if kpi.is_hidden]
    assert hidden
    assert not {*hidden} & {*KNOWN.scopes}


def test_every_published_kpi_can_have_a_target_in_each_of_its_scopes() -> None:
    for kpi in catalogue(Settings()).published:
        for scope in kpi.published_scopes:
            value = {"media": "paid"}.get(scope, "x")
            named = {} if scope == "all" else {scope: value}
            assert KNOWN.problem(read("target.set", {"kpi": kpi.name, "scope": named})) is None


@each_bad
def test_replay_names_the_line(kind: str, fields: dict[str, Any], field: str, reason: str) -> None:
    found = []
    lines = [written(valid("lead.created")), b"", written(valid(kind) | fields)]
    list(replay(lines, Settings(now=1_800_000_000_000), lambda *problem: found.append(problem)))
    assert found == [(3, Rejected(reason, field, "unknown name"))]


@each_bad
def test_gateway_refuses_the_whole_request(
    kind: str, fields: dict[str, Any], field: str, reason: str
) -> None:
    body = json.dumps([valid("lead.created"), valid(kind) | fields]).encode()
    with pytest.raises(RequestRejected) as refused:
        all_or_none(checked(each, KNOWN) for each in from_json(body))
    assert refused.value.problems == (Problem(2, "not_an_event", reason, field),)
    assert refused.value.status == 422


def test_cloudevent_is_refused_by_the_name_of_its_field() -> None:
    data = {
        key: value
        for key, value in valid("target.set").items()
        if key in ("scope", "window", "value")
    }
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "crm",
        "type": "target.set",
        "subject": "x",
        "time": "2026-03-10T09:00:00Z",
        "data": {"kpi": "revenue_wonn", **data},
    }
    found = [checked(each, KNOWN) for each in from_structured(json.dumps(event).encode())]
    assert [each.field for each in found if isinstance(each, Problem)] == ["data.kpi"]


def test_without_known_names_nothing_is_checked() -> None:
    body = written(valid("target.set") | {"kpi": "weather"})
    assert checked(from_json(body)[0], None) == from_json(body)[0]
    assert isinstance(checked(from_json(body)[0], KnownNames({}, ())), Problem)


def test_file_with_a_byte_order_mark_is_replayed() -> None:
    rejected: list[int] = []
    lines = [b"\xef\xbb\xbf" + written(valid("lead.created")) + b"\n", b"\xef\xbb\xbf{}\n"]
    found = list(replay(lines, Settings(), lambda number, _: rejected.append(number)))
    assert rejected == [2]
    assert any(b'"kpi":"lead_count"' in line for line in found)
