"""When everything is quiet: is it exactly what the accepted events give?"""

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
from tests.chaos.load import MARK
from tests.oracle.publishing.comparison import difference
from tests.oracle.publishing.records import records as told_by_oracle
from tests.whole.lines import first_difference, records

Place = tuple[str, int, int]
SHOWN = 3


@dataclass
class Verdict:
    """What was found wrong, a line each; and figures for the report.

    `waits` has where tasks of workers wait, if the run did not come to rest.
    """

    wrong: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    records: int = 0
    letters: int = 0
    told_by_oracle: int = 0


async def poison_and_letters(settings: Settings) -> tuple[list[Place], list[Place]]:
    """Give the source positions of all marked records, and those named by dead letters."""
    sources = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    poison = []
    async for partition, found in read_to(settings, await ends(settings, sources)):
        poison += [
            (partition.topic, partition.partition, record.offset)
            for record in found
            if any(name == MARK for name, _ in record.headers)
        ]
    letters = []
    stops = await ends(settings, [TopicPartition(DEAD_LETTERS, 0)])
    async for _, found in read_to(settings, stops):
        for record in found:
            said = orjson.loads(record.value)
            letters.append((said["topic"], said["partition"], said["offset"]))
    return poison, letters


def compare(verdict: Verdict, live: Path, replayed: Path) -> None:
    """Compare `dump` with `replay`, byte for byte but for revision and time of writing."""
    there, wanted = records(live), records(replayed)
    verdict.records = len(wanted)
    if what := first_difference(there, wanted):
        verdict.wrong.append(f"dump is not replay: {what}"[:1500])


def ask_oracle(verdict: Verdict, live: Path, accepted: Path, now: int, timezone: str) -> None:
    """Compare `dump` with the oracle, which takes a minute for 300,000 events."""
    told = [json.loads(line) for line in accepted.read_bytes().splitlines()]
    wanted = told_by_oracle(told, now=now, timezone=timezone)
    verdict.told_by_oracle = len(wanted)
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


def check_letters(verdict: Verdict, poison: list[Place], letters: list[Place]) -> None:
    """Every poisoned record has its letter, and nothing else has one."""
    verdict.letters = len(letters)
    if missing := set(poison) - set(letters):
        verdict.wrong.append(f"{len(missing)} poisoned records without a letter: {min(missing)}")
    if more := set(letters) - set(poison):
        verdict.wrong.append(f"{len(more)} letters about good records: {min(more)}")


def check_logs(verdict: Verdict, logs: Iterable[Path]) -> None:
    """No worker may have met a gap."""
    for log in logs:
        gaps = [line for line in log.read_text().splitlines() if " gap: " in line]
        verdict.wrong += [f"{log.name}: {line}" for line in gaps[:SHOWN]]
