"""Transactions that begin while their records are processed, to save the broker's answer time.

Their partitions are guessed from the last transaction. Others are added when they are known, as
always, and a partition that is not written to costs a marker.
"""

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from streams.engine.catalogue.publish_priority import Priority
from streams.kafka.reader import Records
from streams.kafka.transactional_producer import TransactionalProducer

# A longer backlog takes seconds to process, and a transaction has a timeout.
BACKLOG_RECORDS = 2_000


class EarlyBegin:
    """Begins the transactions of one aggregate task."""

    def __init__(self, transactions: TransactionalProducer, state: TopicPartition) -> None:
        """At first, expect writes to the state changelog only."""
        self._transactions = transactions
        self._state = state
        # By the lowest priority of the cells that were published: others are in other partitions.
        self._written: dict[Priority, frozenset[TopicPartition]] = {}

    async def begin(self, lists: Sequence[Records], priority: Priority) -> None:
        """Begin a transaction for what these lists will change, unless they are long."""
        if sum(map(len, lists)) < BACKLOG_RECORDS:
            expected = self._written.get(priority, frozenset())
            await self._transactions.begin([self._state, *expected])

    def remember_destinations(self, written: Iterable[TopicPartition], priority: Priority) -> None:
        """Remember the partitions that a transaction wrote to."""
        self._written[priority] = frozenset(written)
