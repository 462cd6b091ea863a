"""The broken rule whose moment is too short for random faults, by hand: two owners, one Kafka."""

from collections.abc import Callable

import pytest

from streams.config.settings import Settings
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.errors import Fenced
from streams.tasks.aggregate.restore import SOURCE_OFFSETS_KEY
from streams.tasks.aggregate.task import AggregateTask
from tests.chaos import mutants
from tests.installation.installed import (
    event,
    installed,
    produce,
    records,
)
from tests.installation.tasks import hands


async def test_former_owner_that_wakes_up_while_the_next_one_reads_commits_nothing(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await installed(kafka, partitions=1)
    assert await _handed_over(settings, monkeypatch) == [10, 10, 13]


async def test_owner_that_reads_before_the_fence_lets_the_position_go_back(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(owner: object, **named: object) -> None:
        for name, other in named.items():
            monkeypatch.setattr(owner, name, other)

    settings = await installed(kafka, partitions=1)
    monkeypatch.setattr(mutants, "_replace", replace)
    found = await _handed_over(settings, monkeypatch, mutants.read_before_the_fence)
    assert found == [10, 20, 10, 13]


async def _handed_over(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, become: Callable[[], None] | None = None
) -> list[int]:
    """Give the positions committed: ten events by an owner who then sleeps, three by the next.

    The first wakes up with ten more in hand when the next one has read everything.
    """
    async with hands(settings) as own:
        former = await own.shard()
        await produce(settings, [event(number) for number in range(10)])
        await own.read(former)
        await produce(settings, [event(number) for number in range(10, 20)])
        in_hand = await own.fetched(former)
        check = AggregateTask._check_sources

        async def woken(self: AggregateTask) -> None:
            await check(self)
            try:
                await former.process(in_hand)
            except Fenced:
                assert become is None

        monkeypatch.setattr(AggregateTask, "_check_sources", woken)
        if become is not None:
            become()
        successor = await own.shard()
        await successor.process([some.split(3)[0] for some in await own.fetched(successor)])
    written = await records(settings, topics.state(settings))
    positions = (
        SourceOffsets.decode(record.value or b"")
        for record in written
        if record.key == SOURCE_OFFSETS_KEY
    )
    return [events for position in positions if (events := sum(position.source.values()))]
