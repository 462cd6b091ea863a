"""Transactions that write to the state changelog alone, between two commits of a task."""

from collections.abc import Callable, Sequence

from aiokafka import TopicPartition

from streams.events.key_value import KeyValue
from streams.kafka.transactional_producer import TransactionalProducer


async def write_state(
    transactions: TransactionalProducer,
    state: TopicPartition,
    records: Sequence[KeyValue],
    before_commit: Callable[[], object] = lambda: None,
) -> int:
    """Write records in a transaction; returns the offset of the first, which the others follow.

    `before_commit` is called once they are acknowledged.
    """
    await transactions.begin([state])
    sent = await transactions.send({state: records})
    before_commit()
    await transactions.commit()
    return sent[state] + 1 - len(records)
