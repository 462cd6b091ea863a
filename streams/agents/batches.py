"""A stream event is a fetch: everything one poll brought for one agent.

Faust hands records to its agents one by one, at about 100 us each. Its setting
`ConsumerScheduler` takes a class that decides what a record is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import faust
from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from streams.kafka.reader import Records
from streams.kafka.topics import PARTIALS
from streams.worker.record_buffer import FetchedRecords


class Fetch:
    """Looks to Faust like the last record of one partition; `value` holds all the lists."""

    checksum = None
    headers = ()
    key = None
    serialized_key_size = 0
    serialized_value_size = 0
    __slots__ = ("offset", "partition", "timestamp", "timestamp_type", "topic", "value")

    def __init__(self, tp: TP, lists: FetchedRecords) -> None:
        """Stand for some lists under the name of one of their partitions."""
        last = lists[tp][-1]
        self.topic, self.partition = tp
        self.offset: int = last.offset
        self.timestamp: int = last.timestamp
        self.timestamp_type: int = last.timestamp_type
        self.value = lists


class FetchScheduler(SchedulingStrategyT):
    """Makes of a poll's records at most one event for each agent."""

    def iterate(self, records: Mapping[TP, Records]) -> Iterator[tuple[TP, Fetch]]:
        """Give the fetch for `aggregate` and the fetch for `merge`, where there are any."""
        sources: FetchedRecords = {}
        partials: FetchedRecords = {}
        for tp, found in records.items():
            if found:
                (partials if tp.topic == PARTIALS else sources)[tp] = found
        for lists in (sources, partials):
            if lists:
                tp = next(iter(lists))
                yield tp, Fetch(tp, lists)


class ListSchema(faust.Schema[None, FetchedRecords]):
    """Leaves lists of records as they are: the tables decode, and keep what cannot be."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        """Give no key: each record has its own."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> FetchedRecords:  # noqa: ARG002
        """Give the lists."""
        lists: FetchedRecords = message.value
        return lists
