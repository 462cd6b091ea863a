"""Records as a fetch returns them."""

from aiokafka import ConsumerRecord, TopicPartition

from streams.kafka.fetched_list import FetchedList


def some(count: int, first: int = 0) -> FetchedList:
    """Records that differ in their offsets only."""
    records = [
        ConsumerRecord("crm.lead", 0, first + number, 0, 0, None, None, None, 0, 0, ())
        for number in range(count)
    ]
    return FetchedList(TopicPartition("crm.lead", 0), records, first, first + count)
