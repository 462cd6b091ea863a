"""Reference records that name what does not exist, by every way into the product."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner

from streams.cli import main
from streams.config.settings import Settings
from streams.events import TOPIC_OF
from streams.operations.dead_letters import read_dead_letters
from tests.gateway.sending import gateway
from tests.gateway.written import Written
from tests.installation.installed import eventually
from tests.worker.processes import environment, worker_processes

AT = "2026-05-01T00:00:00Z"
TARGET = {
    "type": "target.set",
    "kpi": "revenue_won",
    "scope": {},
    "window": "month",
    "value": "10",
}
RATE = {"type": "rate.set", "currency": "USD", "date": "2026-05-01", "rate": "0.9"}
REP = {"type": "rep.set", "rep": "ann"}
# Field, start of the reason, record.
WRONG: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("rate", "a rate is written 1.0837, greater than 0", RATE | {"rate": "0"}),
    ("rate", "a rate is written 1.0837, greater than 0", RATE | {"rate": "0.00"}),
    ("kpi", "unknown KPI revenue_wonn; did you mean", TARGET | {"kpi": "revenue_wonn"}),
    (
        "scope",
        "collected has no scope campaign",
        TARGET | {"kpi": "collected", "scope": {"campaign": "x"}},
    ),
    ("scope", "revenue_won has no scope reps", TARGET | {"scope": {"reps": "ann"}}),
    ("window", "must be day", TARGET | {"window": "fortnight"}),
    ("window", "must be day", TARGET | {"kpi": "call_count", "window": "hour"}),
    (
        "timezone",
        "unknown time zone Europe/Berln; did you mean",
        REP | {"timezone": "Europe/Berln"},
    ),
)
LINES = [
    json.dumps({"id": f"r{number}", "at": AT, **record}).encode()
    for number, (*_, record) in enumerate(WRONG)
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of them all, after a line that is right."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join((json.dumps({"id": "good", "at": AT, **RATE}).encode(), *LINES)))
    return path


def named(output: str) -> list[bool]:
    """Tell which lines are reported with field and reason."""
    return [
        any(
            f"line {number}" in line and field in line and reason in line
            for line in output.splitlines()
        )
        for number, (field, reason, _) in enumerate(WRONG, 2)
    ]


def test_replay_names_them_and_ends_with_1(file: Path) -> None:
    done = CliRunner().invoke(main, ["replay", str(file), "--now", "2026-06-01T12:00:00Z"])
    assert done.exit_code == 1
    assert named(done.stderr) == [True] * len(WRONG)


async def test_ingest_names_them_sends_the_rest_and_ends_with_1(
    settings: Settings, file: Path
) -> None:
    async with Written.from_now_on(settings) as written:
        done = await asyncio.to_thread(
            CliRunner(env={**environment(settings), "COLUMNS": "300"}).invoke,
            main,
            ["ingest", str(file)],
        )
        assert done.exit_code == 1
        assert named(done.stderr) == [True] * len(WRONG)
        assert [record.topic for record in await written.records()] == ["crm.rate"]


async def test_gateway_refuses_each_by_the_name_of_its_field(settings: Settings) -> None:
    async with gateway(settings) as sender, Written.from_now_on(settings) as written:
        for line, (field, reason, _) in zip(LINES, WRONG, strict=True):
            answer = await sender.post(line)
            assert (answer.status, answer.body["field"]) == (422, field)
            assert answer.body["reason"].startswith(reason)
        assert await written.count() == 0


async def test_worker_makes_each_a_dead_letter_by_the_name_of_its_field(
    settings: Settings, tmp_path: Path
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        for line, (*_, record) in zip(LINES, WRONG, strict=True):
            await producer.send_and_wait(TOPIC_OF[record["type"]], line, key=b"k")
    with worker_processes(settings, tmp_path, "streams.cli") as workers:
        workers.start("worker")

        async def all_are_there() -> bool:
            return len(await read_dead_letters(settings)) >= len(WRONG)

        await eventually(all_are_there)
    letters = {letter.value: letter for letter in await read_dead_letters(settings)}
    assert len(letters) == len(WRONG)
    for line, (field, reason, record) in zip(LINES, WRONG, strict=True):
        letter = letters[line]
        assert (letter.field, letter.topic) == (field, TOPIC_OF[record["type"]])
        assert letter.reason.startswith(reason)
