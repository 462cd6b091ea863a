"""A transaction that is opened before there is anything to write: folding takes longer than that.

Where it will write to is guessed from the last time. What was not guessed is asked for when it
is known, as ever, and a partition that is not written to after all costs a marker.
"""

from collections.abc import Iterable, Sequence

from aiokafka import TopicPartition

from streams.kafka.reader import Records
from streams.kafka.transactional_producer import Transactions

# To fold a backlog takes seconds, of which a transaction has only so many.
LONG = 2_000


class Ahead:
    """Opens the transactions of one shard."""

    def __init__(self, transactions: Transactions, state: TopicPartition) -> None:
        """Expect the state alone to be written to."""
        self._transactions = transactions
        self._state = state
        # By whether members' cells were told: they are in other partitions, and often not told.
        self._written: dict[bool, frozenset[TopicPartition]] = {}

    async def begin(self, lists: Sequence[Records], with_members: bool) -> None:
        """Open a transaction for what these lists will change, unless they are long."""
        if sum(map(len, lists)) < LONG:
            expected = self._written.get(with_members, frozenset())
            await self._transactions.begin([self._state, *expected])

    def note(self, written: Iterable[TopicPartition], with_members: bool) -> None:
        """Remember where a transaction wrote to."""
        self._written[with_members] = frozenset(written)
