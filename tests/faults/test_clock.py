"""A worker's clock jumps an hour ahead and back: what was seen stays seen."""

from dataclasses import dataclass, field, fields
from itertools import pairwise

import pytest

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.load_control import Load
from streams.wiring.core import build_core
from tests.faults.reading import published, without
from tests.installation.installed import (
    eventually,
    installed,
    produce,
    sizes,
)
from tests.installation.tasks import hands
from tests.kpis.story import (
    HOUR,
    MINUTE,
    call,
    deal,
    instant,
    lead,
)
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
    replayed,
)
from tests.laws.test_law_of_sets import Stream

NOON = instant("06-01 12:00")
# Ahead, back, and on as if nothing had been.
JUMPS = (NOON, NOON + HOUR, NOON, NOON + MINUTE, NOON - HOUR, NOON + 2 * MINUTE)
# One counts from a time on that only the clock that ran ahead has seen.
BEFORE = [lead("06-01 11:40", rep="ann"), lead("06-01 12:30", "lead-2", rep="ann")]
AFTER = [
    call("06-01 12:01"),
    deal("06-01 12:02", "d1", subject="lead-1", status="won", amount="100"),
]
SEEN_LAST = Settings(now=NOON + HOUR)


@dataclass(frozen=True)
class Jumping(Settings):
    """Settings with a clock that a test sets."""

    instants: list[int] = field(default_factory=lambda: [NOON])

    def clock(self) -> int:
        """Give the instant that was set last."""
        return self.instants[-1]


def test_values_are_those_of_the_furthest_instant_seen() -> None:
    stream, reader = Stream(Settings(), NOON), Reader()
    arriving = BEFORE
    for clock in JUMPS:
        stream.process(arriving, clock)
        arriving = []
        reader.read(stream.mergers)
    stream.process(AFTER, NOON + 3 * MINUTE)
    reader.read(stream.mergers)
    assert reader.records == bodies([*BEFORE, *AFTER], SEEN_LAST)


def test_nothing_is_published_again_while_the_clock_is_behind() -> None:
    stream, reader = Stream(Settings(), NOON), Reader()
    arriving = BEFORE
    found = []
    for clock in JUMPS:
        stream.process(arriving, clock)
        arriving = []
        reader.read(stream.mergers)
        found.append(dict(reader.records))
    changes = [earlier != later for earlier, later in pairwise(found)]
    assert changes == [True, False, False, False, False]


async def test_worker_publishes_nothing_twice_and_ends_with_the_furthest_instant(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.merge.task.ADVANCE_SECONDS", 0.0)
    plain = await installed(kafka, partitions=1)
    settings = Jumping(**{f.name: getattr(plain, f.name) for f in fields(plain)})
    core = build_core(settings)
    async with hands(settings) as own:
        # Under load records of few readers would wait for half a minute.
        own.demand = Load.IDLE
        shard = await own.shard(0, core)
        boards = [await own.board(number, core) for number in range(topics.MERGE_PARTITIONS)]

        async def ends_as(events: list[EventDict], now: int) -> None:
            wanted = replayed_at(events, now)
            await own.tell(shard)
            for board in boards:
                await own.read(board)

            async def is_so() -> bool:
                for board in boards:
                    await board.tick()
                return await published(settings) == wanted

            await eventually(is_so)

        await produce(settings, BEFORE)
        await own.read(shard)
        await ends_as(BEFORE, NOON)
        settings.instants.append(NOON + HOUR)
        await ends_as(BEFORE, NOON + HOUR)
        written = await sizes(settings, topics.KPIS)
        for clock in JUMPS[2:]:
            settings.instants.append(clock)
            await shard.tick()
            for board in boards:
                await board.tick()
        assert await sizes(settings, topics.KPIS) == written
        await produce(settings, AFTER)
        await own.read(shard)
        await ends_as([*BEFORE, *AFTER], NOON + HOUR)


def replayed_at(events: list[EventDict], now: int) -> dict[str, EventDict]:
    """Give what a replay publishes."""
    found = replayed(events, Settings(now=now))
    return {key: without(record) for key, record in found.items()}
