"""The buffer in front of a task keeps the order and bounds the number of records."""

import asyncio

from streams.worker.record_buffer import (
    BATCH_SIZE,
    CAPACITY,
    RecordBuffer,
)
from tests.worker.records import some


async def test_long_list_is_drained_in_parts_and_in_order() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY + 10))
    drained: list[int] = []
    while buffer.waiting:
        parts = buffer.drain()
        assert sum(map(len, parts)) <= BATCH_SIZE
        drained += [record.offset for part in parts for record in part]
    assert drained == list(range(CAPACITY + 10))
    assert not buffer.arrived.is_set()


async def test_short_lists_are_drained_together() -> None:
    buffer = RecordBuffer()
    buffer.open()
    for number in range(3):
        await buffer.add(some(5, 5 * number))
    assert [record.offset for part in buffer.drain() for record in part] == list(range(15))


async def test_full_buffer_makes_the_reader_wait_until_it_is_drained() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY))
    waiting = asyncio.create_task(buffer.add(some(1)))
    await asyncio.sleep(0)
    assert not waiting.done()
    buffer.drain()
    await waiting
    assert buffer.waiting == CAPACITY - BATCH_SIZE + 1


async def test_closed_buffer_drops_its_records_and_releases_the_reader() -> None:
    buffer = RecordBuffer()
    buffer.open()
    await buffer.add(some(CAPACITY))
    waiting = asyncio.create_task(buffer.add(some(1)))
    await asyncio.sleep(0)
    buffer.close()
    await waiting
    assert (buffer.waiting, buffer.drain()) == (0, [])
