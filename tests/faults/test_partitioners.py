"""A producer whose default partitioner is not Java's: counted exactly, and erased entirely."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.kafka import topics
from tests.gateway.processes import process
from tests.gateway.sending import TOKEN, Sender
from tests.installation.installed import event, installed, output, records
from tests.whole.lines import first_difference
from tests.whole.lines import records as lines_of
from tests.worker.processes import environment

LEADS, ERASED = 40, 10
CRASH_SECONDS, END_SECONDS = 90.0, 30.0
# Each worker ends at its step, and the next one takes over.
FAILPOINTS = ("after_forwards:1", "after_state:9", "")


@pytest.mark.soak
async def test_two_clients_at_their_defaults_and_two_crashes_give_what_replay_gives(
    tmp_path: Path,
) -> None:
    with EmbeddedKafka(data=tmp_path / "kafka") as broker:
        settings = replace(await installed(broker.bootstrap, partitions=4), token=TOKEN)
        created = [lead(number) for number in range(LEADS)]
        answers = [email(number) for number in range(LEADS)]
        await send_with_aiokafka(settings, created)
        await asyncio.to_thread(send_with_librdkafka, settings, answers)
        workers = [Worker(settings, tmp_path, point) for point in FAILPOINTS]
        try:
            for worker in workers[:-1]:
                worker.start()
                await asyncio.to_thread(worker.process.wait, CRASH_SECONDS)
            workers[-1].start()
            assert await answered(settings, tmp_path) == LEADS
            erased = [erasure(number) for number in range(ERASED)]
            await send_over_http(settings, erased)
            assert await answered(settings, tmp_path) == LEADS - ERASED
            await compare_with_replay(settings, tmp_path, [*created, *answers, *erased])
            verdict = await command(settings, tmp_path, "verify")
            # An erasure without a topic is one of the lead and one of the account.
            assert verdict.startswith(f"{2 * LEADS + 2 * ERASED} events, ")
            assert "all right" in verdict
            told = await command(settings, tmp_path, "doctor")
            assert "look  events are in other partitions than their subjects'" in told
            assert "partitioner=murmur2_random" in told
        finally:
            for worker in workers:
                worker.end()
        await nothing_is_left_of(settings, [sent["subject"] for sent in erased])


class Worker:
    """A worker that ends itself at a step, or works on."""

    process: subprocess.Popen[bytes]

    def __init__(self, settings: Settings, folder: Path, failpoint: str) -> None:
        self._environment = {**environment(settings), "SALES_KPIS_FAILPOINT": failpoint}
        self._log = folder / "worker.log"
        self._is_started = False

    def start(self) -> None:
        """Start it; does not wait."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "worker"],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._is_started = True

    def end(self) -> None:
        """Leave nothing running."""
        if self._is_started and self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_SECONDS)


def lead(number: int) -> dict[str, Any]:
    """A new lead."""
    return event(1, subject=f"lead-{number:02}", at="2026-05-01T10:00:00Z")


def email(number: int) -> dict[str, Any]:
    """Its first answer, half an hour later."""
    return event(
        2, "email.sent", subject=f"lead-{number:02}", at="2026-05-01T10:30:00Z", rep="ann",
        email=f"m{number}", links=0,
    )  # fmt: skip


def erasure(number: int) -> dict[str, Any]:
    """The person asks to be forgotten."""
    return event(3, "subject.erased", subject=f"lead-{number:02}", at="2026-05-02T10:00:00Z")


async def send_with_aiokafka(settings: Settings, events: Sequence[dict[str, Any]]) -> None:
    """Send with a client that hashes as Java's does."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        for sent in events:
            await producer.send_and_wait("crm.lead", orjson.dumps(sent), sent["subject"].encode())


def send_with_librdkafka(settings: Settings, events: Sequence[dict[str, Any]]) -> None:
    """Send with a client that does not, unless it is configured to."""
    producer = Producer({"bootstrap.servers": settings.bootstrap})
    for sent in events:
        producer.produce("crm.email", orjson.dumps(sent), sent["subject"].encode())
    assert producer.flush(END_SECONDS) == 0


async def send_over_http(settings: Settings, events: Sequence[dict[str, Any]]) -> None:
    """Send to the gateway."""
    async with process(settings) as (_, url), ClientSession() as session:
        answer = await Sender(session, url).post(orjson.dumps(list(events)))
    assert answer.status == 202


async def command(settings: Settings, folder: Path, *arguments: str) -> str:
    """Run one of the product's commands; return its output."""
    with (folder / "commands.log").open("ab") as log:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams.cli", *arguments),
            env={**os.environ, **environment(settings)},
            stdout=subprocess.PIPE,
            stderr=log,
        )
        written, _ = await child.communicate()
    return written.decode()


async def answered(settings: Settings, folder: Path) -> int:
    """The leads that `response_time` covers, once everything is published."""
    await command(settings, folder, "status", "--wait", "--timeout", "90")
    (record,) = [
        record
        for key, record in (await output(settings)).items()
        if key.startswith("response_time|all|month|2026-05")
    ]
    assert record["value"] == 30 * 60_000
    return int(record["parts"]["count"])


async def compare_with_replay(
    settings: Settings, folder: Path, events: Sequence[dict[str, Any]]
) -> None:
    """Live records are those of a replay of the same events."""
    file, live, replayed = (folder / name for name in ("sent.jsonl", "live", "replayed"))
    file.write_bytes(b"\n".join(map(orjson.dumps, events)))
    live.write_text(await command(settings, folder, "dump"))
    replayed.write_text(await command(settings, folder, "replay", str(file)))
    assert len(lines_of(live)) > 10
    assert first_difference(lines_of(live), lines_of(replayed)) is None


async def nothing_is_left_of(settings: Settings, subjects: Sequence[str]) -> None:
    """No current record of ours has the name of an erased subject."""
    for topic in (topics.state(settings), topics.reroutes(settings)):
        current: dict[bytes, bytes | None] = {}
        for number in range(settings.partitions):
            current |= {r.key: r.value for r in await records(settings, topic, number)}
        assert current
        held = b" ".join(key + value for key, value in current.items() if value is not None)
        for subject in subjects:
            assert subject.encode() not in held
