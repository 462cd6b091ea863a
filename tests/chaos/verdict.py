"""The final comparison: is the output exactly what follows from the accepted events?"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events import SOURCE_TOPICS
from streams.kafka.reader import ends, read_to
from streams.kafka.topics import DEAD_LETTERS
from tests.chaos.load import POISON_HEADER
from tests.oracle.publishing.comparison import difference
from tests.oracle.publishing.records import records as oracle_records
from tests.whole.lines import first_difference, records

Place = tuple[str, int, int]
SHOWN = 3


@dataclass
class Verdict:
    """Differences, one line each, and counts for the report.

    `waits` has where tasks of workers wait, if the run did not come to rest.
    """

    wrong: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    records: int = 0
    dead_letters: int = 0
    oracle_records: int = 0


async def poison_and_dead_letters(settings: Settings) -> tuple[list[Place], list[Place]]:
    """Return the source offsets of all poisoned records, and those named by dead letters."""
    sources = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    poison = []
    async for partition, found in read_to(settings, await ends(settings, sources)):
        poison += [
            (partition.topic, partition.partition, record.offset)
            for record in found
            if any(name == POISON_HEADER for name, _ in record.headers)
        ]
    dead_letters = []
    stops = await ends(settings, [TopicPartition(DEAD_LETTERS, 0)])
    async for _, found in read_to(settings, stops):
        for record in found:
            source = orjson.loads(record.value)
            dead_letters.append((source["topic"], source["partition"], source["offset"]))
    return poison, dead_letters


def compare(verdict: Verdict, live: Path, replayed: Path) -> None:
    """Compare `dump` with `replay`, byte for byte but for revision and time of writing."""
    there, wanted = records(live), records(replayed)
    verdict.records = len(wanted)
    if what := first_difference(there, wanted):
        verdict.wrong.append(f"dump is not replay: {what}"[:1500])


def ask_oracle(verdict: Verdict, live: Path, accepted: Path, now: int, timezone: str) -> None:
    """Compare `dump` with the oracle, which takes a minute for 300,000 events."""
    events = [json.loads(line) for line in accepted.read_bytes().splitlines()]
    wanted = oracle_records(events, now=now, timezone=timezone)
    verdict.oracle_records = len(wanted)
    read = map(orjson.loads, live.read_bytes().splitlines())
    there = {key_of(record): record for record in read}
    found = [
        f"{key}: {what}"
        for key in sorted(wanted.keys() | there.keys())
        if (what := difference(wanted.get(key), there.get(key)))
    ]
    verdict.wrong += [f"oracle: {what}"[:500] for what in found[:SHOWN]]


def key_of(record: dict[str, object]) -> str:
    """Write the key of a record."""
    scope = record["scope"]
    assert isinstance(scope, dict)
    where = "=".join(next(iter(scope.items()))) if scope else "all"
    return f"{record['kpi']}|{where}|{record['window']}|{record['start']}"


def check_dead_letters(verdict: Verdict, poison: list[Place], dead_letters: list[Place]) -> None:
    """Every poisoned record has a dead letter, and no other record has one."""
    verdict.dead_letters = len(dead_letters)
    if missing := set(poison) - set(dead_letters):
        verdict.wrong.append(
            f"{len(missing)} poisoned records without a dead letter: {min(missing)}"
        )
    if more := set(dead_letters) - set(poison):
        verdict.wrong.append(f"{len(more)} dead letters of good records: {min(more)}")


def check_logs(verdict: Verdict, logs: Iterable[Path]) -> None:
    """No worker may have met a gap."""
    for log in logs:
        gaps = [line for line in log.read_text().splitlines() if " gap: " in line]
        verdict.wrong += [f"{log.name}: {line}" for line in gaps[:SHOWN]]
