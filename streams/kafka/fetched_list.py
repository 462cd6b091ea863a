"""Fetched lists: the committed records of a range of offsets, which may hold none.

In read_committed the client passes the markers of transactions, and what was aborted, without
returning anything for them. Only its position shows that.
"""

import asyncio
from collections.abc import Collection, Iterable
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition


class FetchedList(list[ConsumerRecord]):
    """The committed records of one partition, in the order of offsets, from `start` to `next`.

    Attributes:
        topic: Topic of the partition.
        partition: Number of the partition.
        start: First offset that was read.
        next: Offset from which to read on; the list before this one ended at `start`.
    """

    __slots__ = ("next", "partition", "start", "topic")

    def __init__(
        self, at: TopicPartition, records: Iterable[ConsumerRecord], start: int, next_: int
    ) -> None:
        super().__init__(records)
        self.topic, self.partition = at
        self.start, self.next = start, next_

    def split(self, count: int) -> tuple[Self, Self]:
        """Divide into the first `count` records, fewer than all, and the others."""
        at, middle = TopicPartition(self.topic, self.partition), self[count].offset
        first = type(self)(at, self[:count], self.start, middle)
        return first, type(self)(at, self[count:], middle, self.next)

    def since(self, offset: int) -> Self:
        """Drop what is before an offset."""
        if offset <= self.start:
            return self
        later = (record for record in self if record.offset >= offset)
        at = TopicPartition(self.topic, self.partition)
        return type(self)(at, later, offset, max(offset, self.next))


async def fetch(
    consumer: AIOKafkaConsumer,
    partitions: Collection[TopicPartition],
    timeout_s: float,
    max_records: int,
) -> dict[TopicPartition, FetchedList]:
    """Return what the client has fetched of some partitions; waits for it up to a timeout.

    A list without records is returned where the client has only passed offsets.
    """
    fetcher, until = consumer._fetcher, asyncio.get_running_loop().time() + timeout_s
    while True:
        found = await _fetched(consumer, partitions, max_records)
        left_s = until - asyncio.get_running_loop().time()
        if found or left_s <= 0:
            return found
        waiter = fetcher._create_fetch_waiter()
        await asyncio.wait([waiter], timeout=left_s)
        if not waiter.done():
            waiter.cancel()
            return {}
        if fetcher._closed:
            return {}
        waiter.result()  # raises what the client cannot go on with


async def _fetched(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], max_records: int
) -> dict[TopicPartition, FetchedList]:
    fetcher, subscriptions = consumer._fetcher, consumer._subscription
    if subscriptions.reassignment_in_progress:
        await subscriptions.wait_for_assignment()
    before = positions(consumer, [tp for tp in fetcher._records if tp in partitions])
    # With a timeout of 0 nothing else runs meanwhile: only what is returned moves a position.
    records = await fetcher.fetched_records(partitions, 0, max_records=max_records)
    after = positions(consumer, before)
    return {
        tp: FetchedList(tp, records.get(tp, ()), start, after[tp])
        for tp, start in before.items()
        if tp in records or after.get(tp, start) > start
    }


def positions(
    consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return the offsets from which a client goes on; none for what it has not begun to read."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    if assignment is None:
        return {}
    found = {}
    for tp in partitions:
        state = assignment.state_value(tp)
        if state is not None and state.has_valid_position:
            found[tp] = state.position
    return found
