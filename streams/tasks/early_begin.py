"""A transaction that is opened before there is anything to write: folding takes longer than that.

Where it will write to is guessed from the last time. What was not guessed is asked for when it
is known, as ever, and a partition that is not written to after all costs a marker.
"""

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from streams.kafka.reader import Records
from streams.kafka.transactional_producer import TransactionalProducer

# To fold a backlog takes seconds, of which a transaction has only so many.
BACKLOG_RECORDS = 2_000


class EarlyBegin:
    """Opens the transactions of one shard."""

    def __init__(self, transactions: TransactionalProducer, state: TopicPartition) -> None:
        """Expect the state alone to be written to."""
        self._transactions = transactions
        self._state = state
        # By whether members' cells were told: they are in other partitions, and often not told.
        self._written: dict[bool, frozenset[TopicPartition]] = {}

    async def begin(self, lists: Sequence[Records], with_values: bool) -> None:
        """Open a transaction for what these lists will change, unless they are long."""
        if sum(map(len, lists)) < BACKLOG_RECORDS:
            expected = self._written.get(with_values, frozenset())
            await self._transactions.begin([self._state, *expected])

    def remember_destinations(self, written: Iterable[TopicPartition], with_values: bool) -> None:
        """Remember where a transaction wrote to."""
        self._written[with_values] = frozenset(written)
