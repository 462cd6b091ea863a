"""Fetches as stream events: one event per poll and agent.

Faust passes records to its agents one by one, at about 100 us each. Its setting
`ConsumerScheduler` accepts a class that decides what a record is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import faust
from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from streams.events import SOURCE_TOPICS
from streams.kafka.topics import INBOX, PARTIALS
from streams.worker.record_buffer import FetchedRecords


class Fetch:
    """The lists of one poll in the form of the last record of one partition.

    `value` has the lists of all partitions; the other attributes are those that Faust reads.
    """

    checksum = None
    headers = ()
    key = None
    # A list may have no record to have these from, and nothing reads them.
    timestamp = timestamp_type = 0
    serialized_key_size = 0
    serialized_value_size = 0
    __slots__ = ("offset", "partition", "topic", "value")

    def __init__(self, tp: TP, fetched: FetchedRecords) -> None:
        self.topic, self.partition = tp
        self.offset = fetched[tp].next - 1
        self.value = fetched


class FetchScheduler(SchedulingStrategyT):
    """Makes at most one event per agent of the records of a poll."""

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Fetch]]:
        """Yield the fetch for `merge` and the one of all other topics, if there are any.

        `records` has FetchedLists. One without records is passed on for topics that others write
        to: the product's own transactions leave markers elsewhere, and a commit for each would
        leave more.
        """
        sources: FetchedRecords = {}
        partials: FetchedRecords = {}
        for tp, found in records.items():
            if found or tp.topic in (*SOURCE_TOPICS, INBOX):
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
