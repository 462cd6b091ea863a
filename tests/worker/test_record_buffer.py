"""Lists that wait for a shard's task."""

import asyncio

from streams.worker.record_buffer import (
    AT_ONCE,
    ROOM,
    Inbox,
)
from tests.worker.records import some


async def test_long_list_is_taken_in_parts_and_in_order() -> None:
    inbox = Inbox()
    inbox.open()
    await inbox.put(some(ROOM + 10))
    taken: list[int] = []
    while inbox.waiting:
        parts = inbox.take()
        assert sum(map(len, parts)) <= AT_ONCE
        taken += [record.offset for part in parts for record in part]
    assert taken == list(range(ROOM + 10))
    assert not inbox.arrived.is_set()


async def test_short_lists_are_taken_together() -> None:
    inbox = Inbox()
    inbox.open()
    for number in range(3):
        await inbox.put(some(5, 5 * number))
    assert [record.offset for part in inbox.take() for record in part] == list(range(15))


async def test_full_inbox_makes_the_reader_wait_until_there_is_room() -> None:
    inbox = Inbox()
    inbox.open()
    await inbox.put(some(ROOM))
    waiting = asyncio.create_task(inbox.put(some(1)))
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.take()
    await waiting
    assert inbox.waiting == ROOM - AT_ONCE + 1


async def test_shut_inbox_forgets_and_lets_the_reader_go() -> None:
    inbox = Inbox()
    inbox.open()
    await inbox.put(some(ROOM))
    waiting = asyncio.create_task(inbox.put(some(1)))
    await asyncio.sleep(0)
    inbox.shut()
    await waiting
    assert (inbox.waiting, inbox.take()) == (0, [])
