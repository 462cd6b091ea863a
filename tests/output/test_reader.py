"""Reading `sales.kpis` from a real Kafka: complete, committed, in order, and continuously."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.output.reader import (
    Batch,
    Feed,
    read,
)
from tests.output.writing import Writer, writing

PATIENCE = 30.0


class Seen:
    """A view that keeps every change."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, bytes | None]] = []
        self.changed = asyncio.Event()

    def update(self, key: str, record: bytes | None) -> None:
        self.changes.append((key, record))
        self.changed.set()

    def of(self, rep: str) -> list[bytes | None]:
        return [record for key, record in self.changes if f"={rep}|" in key]

    async def wait_for(self, rep: str, size: int) -> list[bytes | None]:
        async with asyncio.timeout(PATIENCE):
            while len(self.of(rep)) < size:
                self.changed.clear()
                await self.changed.wait()
        return self.of(rep)


# Hours: the other views of this broker pass them by, so these need not hold real records.
def key(rep: str, number: int = 0) -> str:
    return f"deal_count|rep={rep}|hour|2026-03-{number + 1:02d}T00:00:00+00:00"


@asynccontextmanager
async def feeding(settings: Settings, *views: Seen) -> AsyncIterator[Feed]:
    feed = Feed(settings, *views)
    task = asyncio.create_task(feed.run())
    try:
        async with asyncio.timeout(PATIENCE):
            waiting = asyncio.create_task(feed.caught_up.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                waiting.cancel()
                await task
        yield feed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def whole(settings: Settings) -> list[tuple[str, bytes | None]]:
    found: list[tuple[str, bytes | None]] = []
    async with asyncio.timeout(PATIENCE), aclosing(read(settings)) as batches:
        async for batch in batches:
            found += batch.records
            if batch.is_caught_up:
                break
    return found


async def test_every_view_has_all_earlier_records_once_it_has_caught_up(
    settings: Settings, writer: Writer, rep: str
) -> None:
    await writer.commit(3, (key(rep), b"one"), (key(rep, 1), b"two"))
    first, second = Seen(), Seen()
    async with feeding(settings, first, second):
        assert first.of(rep) == second.of(rep) == [b"one", b"two"]


async def test_later_records_follow_in_order_tombstones_included(
    settings: Settings, writer: Writer, rep: str
) -> None:
    seen = Seen()
    async with feeding(settings, seen):
        assert seen.of(rep) == []
        await writer.commit(5, (key(rep), b"one"))
        await writer.commit(5, (key(rep), b"two"), (key(rep), None))
        assert await seen.wait_for(rep, 3) == [b"one", b"two", None]


async def test_aborted_records_are_never_seen_even_as_the_last_of_the_topic(
    settings: Settings, writer: Writer, rep: str
) -> None:
    await writer.commit(0, (key(rep), b"stands"))
    for partition in range(7):
        await writer.begin()
        await writer.write(partition, (key(rep), b"taken back"))
        await writer.abort()
    found = await whole(settings)
    assert [value for at, value in found if at == key(rep)] == [b"stands"]


async def test_caught_up_waits_for_a_commit_in_progress(
    settings: Settings, writer: Writer, rep: str
) -> None:
    async with writing(settings) as other:
        await other.begin()
        await other.write(2, (key(rep), b"open"))
        await writer.commit(4, (key(rep, 1), b"done"))
        async with aclosing(read(settings)) as batches, asyncio.timeout(PATIENCE):
            found: dict[str, bytes | None] = {}
            async for batch in batches:
                found.update(batch.records)
                assert not batch.is_caught_up
                if key(rep, 1) in found:
                    break
            assert key(rep) not in found
            await other.end()
            async for batch in batches:
                found.update(batch.records)
                if batch.is_caught_up:
                    break
            assert found[key(rep)] == b"open"


async def test_a_large_topic_comes_in_small_batches_and_complete(
    settings: Settings, writer: Writer, rep: str
) -> None:
    async with writer.producer.transaction():
        for number in range(2_500):
            await writer.producer.send(
                "sales.kpis", b"%d" % number, f"x|rep={rep}|hour|{number}".encode(), partition=6
            )
    found: list[bytes | None] = []
    sizes: list[int] = []

    def receive(batch: Batch) -> bool:
        sizes.append(len(batch.records))
        found.extend(value for at, value in batch.records if f"={rep}|" in at)
        return batch.is_caught_up

    async with asyncio.timeout(PATIENCE), aclosing(read(settings)) as batches:
        async for batch in batches:
            if receive(batch):
                break
    assert found == [b"%d" % number for number in range(2_500)]
    assert max(sizes) <= 1_000


async def test_a_missing_broker_is_reported_as_fatal() -> None:
    with pytest.raises(Fatal, match="Kafka"):
        await whole(Settings(bootstrap="127.0.0.1:1"))
