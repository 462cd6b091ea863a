"""Fetches as stream events: one event per poll and agent.

Faust passes records to its agents one by one, at about 100 us each. Its setting
`ConsumerScheduler` accepts a class that decides what a record is.
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
    """The records of one poll in the form of the last record of one partition.

    `value` has the records of all partitions; the other attributes are those that Faust reads.
    """

    checksum = None
    headers = ()
    key = None
    serialized_key_size = 0
    serialized_value_size = 0
    __slots__ = ("offset", "partition", "timestamp", "timestamp_type", "topic", "value")

    def __init__(self, tp: TP, fetched: FetchedRecords) -> None:
        last = fetched[tp][-1]
        self.topic, self.partition = tp
        self.offset: int = last.offset
        self.timestamp: int = last.timestamp
        self.timestamp_type: int = last.timestamp_type
        self.value = fetched


class FetchScheduler(SchedulingStrategyT):
    """Makes at most one event per agent of the records of a poll."""

    def iterate(self, records: Mapping[TP, Records]) -> Iterator[tuple[TP, Fetch]]:
        """Yield the fetch for `aggregate` and the fetch for `merge`, if there are any."""
        sources: FetchedRecords = {}
        partials: FetchedRecords = {}
        for tp, found in records.items():
            if found:
                (partials if tp.topic == PARTIALS else sources)[tp] = found
        for fetched in (sources, partials):
            if fetched:
                tp = next(iter(fetched))
                yield tp, Fetch(tp, fetched)


class FetchSchema(faust.Schema[None, FetchedRecords]):
    """Decodes nothing: tasks decode, and send what cannot be decoded to the dead letters."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        """Return no key: each record has its own."""

    def loads_value(self, app: Any, message: Any, **_: Any) -> FetchedRecords:  # noqa: ARG002 - Faust's own signature
        """Return the records of the fetch."""
        fetched: FetchedRecords = message.value
        return fetched
