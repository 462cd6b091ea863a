"""Lists that wait for a shard's task."""

import asyncio

from streams.worker.record_buffer import (
    BATCH_SIZE,
    CAPACITY,
    RecordBuffer,
)
from tests.worker.records import some


async def test_long_list_is_taken_in_parts_and_in_order() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY + 10))
    taken: list[int] = []
    while buffer.waiting:
        parts = buffer.drain()
        assert sum(map(len, parts)) <= BATCH_SIZE
        taken += [record.offset for part in parts for record in part]
    assert taken == list(range(CAPACITY + 10))
    assert not buffer.arrived.is_set()


async def test_short_lists_are_taken_together() -> None:
    buffer = RecordBuffer()
    buffer.open()
    for number in range(3):
        await buffer.add(some(5, 5 * number))
    assert [record.offset for part in buffer.drain() for record in part] == list(range(15))


async def test_full_inbox_makes_the_reader_wait_until_there_is_room() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY))
    waiting = asyncio.create_task(buffer.add(some(1)))
    await asyncio.sleep(0)
    assert not waiting.done()
    buffer.drain()
    await waiting
    assert buffer.waiting == CAPACITY - BATCH_SIZE + 1


async def test_shut_inbox_forgets_and_lets_the_reader_go() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY))
    waiting = asyncio.create_task(buffer.add(some(1)))
    await asyncio.sleep(0)
    buffer.close()
    await waiting
    assert (buffer.waiting, buffer.drain()) == (0, [])
