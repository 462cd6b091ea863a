"""Two workers on a real Kafka give what a replay of the file gives, whatever is killed."""

import asyncio
import os
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.kafka.reader import ends, read_to
from streams.kafka.topics import ALERTS
from tests.histories import (
    disturbed,
    history,
    lines,
)
from tests.whole.lines import first_difference, records
from tests.whole.processes import (
    Worker,
    run,
    working,
)

# `make soak` takes 100,000.
EVENTS = int(os.environ.get("WHOLE_EVENTS", "6000"))
KILLS = 3
ALERTS_SECONDS = 60.0


@pytest.mark.soak
def test_two_workers_of_which_one_is_killed_thrice_give_what_replay_gives(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    events = history(11, EVENTS, start=date(2026, 1, 5), days=60)
    file.write_bytes(lines(disturbed(events, 11, duplicates=0.1, disorder=0.1)))
    with EmbeddedKafka() as broker:
        environment = {
            "SALES_KPIS_BOOTSTRAP": broker.bootstrap,
            "SALES_KPIS_NOW": "2026-03-10T12:00:00+00:00",
            "SALES_KPIS_TIMEZONE": "Asia/Tehran",
        }
        run(environment, "topics", "apply")
        steady = Worker(environment, tmp_path / "steady.log")
        victim = Worker(environment, tmp_path / "victim.log")
        with working(steady, victim):
            run(environment, "ingest", str(file))
            for number in range(KILLS):
                # Some work is under way at each of these moments: the backlog takes longer.
                time.sleep(0.5 + number)
                victim.kill()
                victim.start()
            run(environment, "status", "--wait", "--timeout", "500")
            run(environment, "dump", out=tmp_path / "live.jsonl")
            run(environment, "replay", str(file), out=tmp_path / "replayed.jsonl")
            run(environment, "replay", str(file), "--alerts", out=tmp_path / "current.jsonl")
            current = records(tmp_path / "current.jsonl")
            assert len(current) > 100
            await_alerts(environment, tmp_path / "alerts.jsonl", current)
        published = asyncio.run(published_alerts(Settings(bootstrap=broker.bootstrap)))
    live, replayed = records(tmp_path / "live.jsonl"), records(tmp_path / "replayed.jsonl")
    assert len(replayed) > EVENTS
    assert first_difference(live, replayed) is None
    # Each current alert was published once, and no past one, whatever was killed.
    assert len(published) == len(current), repetitions(published)


def await_alerts(environment: dict[str, str], file: Path, current: list[bytes]) -> None:
    """Wait until the alerts are those: after much history they come a little later."""
    deadline = time.monotonic() + ALERTS_SECONDS
    while True:
        run(environment, "alerts", out=file)
        difference = first_difference(records(file), current)
        if difference is None:
            return
        assert time.monotonic() < deadline, difference


def repetitions(published: list[tuple[str, int, int]]) -> str:
    """Show what was published more than once, and when the alerts of each partition began."""
    often = {key for key, count in Counter(key for key, *_ in published).items() if count > 1}
    first: dict[int, int] = {}
    for _, partition, at in published:
        first.setdefault(partition, at)
    return f"{[one for one in published if one[0] in often]}; first in each partition: {first}"


async def published_alerts(settings: Settings) -> list[tuple[str, int, int]]:
    """Give key, partition and time in ms of every record of the alerts, tombstones included."""
    places = [TopicPartition(ALERTS, number) for number in range(settings.partitions)]
    return [
        (record.key.decode(), record.partition, record.timestamp)
        async for _, found in read_to(settings, await ends(settings, places))
        for record in found
    ]
