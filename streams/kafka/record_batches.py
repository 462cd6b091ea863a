"""Batches within the size that a topic accepts; a record that is too large is set aside.

A record that Kafka refuses would end the transaction, and its worker at every start. Its size is
known before it is sent.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice

from aiokafka.admin.config_resource import ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.admin import DescribeConfigsRequest

from streams.events.key_value import KeyValue
from streams.kafka.errors import Fatal

log = logging.getLogger(__name__)
# A tombstone has no value; what has to be known of it is in its headers.
Headers = list[tuple[str, bytes]]
Tombstone = tuple[bytes, None, Headers]
Record = KeyValue | Tombstone
BATCH_BYTES = 512 * 1024
CONFIG = "max.message.bytes"
# Kafka's default: a batch with its overhead.
DEFAULT_BYTES = 1_048_588
# Of a batch and of what a record has beside an event.
OVERHEAD_BYTES = 4_096
# A key may be long, and is in the log for people to read.
KEY_LENGTH = 200
LISTED = 20


class RecordBatches:
    """Packs records into as few batches as possible; single sends cost ten times as much.

    `shorten` gives, by topic, how a record is made shorter that is too large. `required` are the
    topics of which no record may be missing: Fatal is raised for one that is too large.

    Attributes:
        set_aside: Sizes of the records that were not sent, by topic and key, until another
            record under the key is sent.
    """

    def __init__(
        self,
        required: Collection[str],
        shorten: Mapping[str, Callable[[Record], Record]],
        on_set_aside: Callable[[str], object],
    ) -> None:
        """`on_set_aside` is called with the topic of each record that is set aside."""
        self.set_aside: dict[str, dict[bytes, int]] = {}
        self._required, self._shorten, self._on_set_aside = required, shorten, on_set_aside
        self._limits: dict[str, int] = {}

    async def read_limits(self, client: AIOKafkaClient, names: Collection[str]) -> None:
        """Read which size topics accept; DEFAULT_BYTES is assumed where that is not allowed."""
        resources = [(ConfigResourceType.TOPIC, name, [CONFIG]) for name in sorted(names)]
        request = DescribeConfigsRequest(resources, include_synonyms=False)
        answer = await client.send(client.get_random_node(), request)
        for error_code, _, _, name, entries in answer.resources:
            for config, value, *_ in entries:
                if not error_code and config == CONFIG:
                    self._limits[name] = int(value)

    def limit_of(self, topic: str) -> int:
        """The largest batch of a topic in bytes."""
        return self._limits.get(topic, DEFAULT_BYTES)

    @property
    def max_event_bytes(self) -> int:
        """The largest event of which the required topics accept every record.

        A record's key repeats names of the event, and its value no more than its known fields.
        """
        return (min(map(self.limit_of, self._required)) - OVERHEAD_BYTES) // 2

    def described(self) -> list[str]:
        """The records set aside, one text each, and no more than LISTED."""
        found = (
            f"{topic}: {_name(key)} ({size} bytes)"
            for topic, sizes in self.set_aside.items()
            for key, size in sizes.items()
        )
        return list(islice(found, LISTED))

    def pack(self, topic: str, records: Iterable[Record]) -> Iterator[BatchBuilder]:
        """Yield the batches to send, in the order of the records."""
        limit = self.limit_of(topic)
        if topic in self.set_aside:
            records = list(records)
            self._forget(topic, records)
        for batch, first in _packed(records, min(BATCH_BYTES, limit)):
            # Only a single record makes a batch larger than it was to be.
            if batch.size() <= limit:
                yield batch
            elif (shorter := self._shortened(topic, first)) is not None:
                yield shorter
            else:
                self._set_aside(topic, first[0], batch.size())

    def _shortened(self, topic: str, record: Record) -> BatchBuilder | None:
        if topic not in self._shorten:
            return None
        ((batch, _),) = _packed([self._shorten[topic](record)], 0)
        return batch if batch.size() <= self.limit_of(topic) else None

    def _set_aside(self, topic: str, key: bytes, size: int) -> None:
        limit = self.limit_of(topic)
        what = (
            f"record {_name(key)} of {size} bytes is larger than {topic} accepts: {CONFIG}={limit}"
        )
        if topic in self._required:
            raise Fatal(f"{what}; it has to be written: raise {CONFIG} of {topic}")
        log.error("set aside, not written: %s", what)
        self.set_aside.setdefault(topic, {})[key] = size
        self._on_set_aside(topic)

    def _forget(self, topic: str, records: Iterable[Record]) -> None:
        known = self.set_aside[topic]
        for record in records:
            known.pop(record[0], None)
        if not known:
            del self.set_aside[topic]


def _name(key: bytes) -> str:
    return key[:KEY_LENGTH].decode(errors="replace")


def _packed(records: Iterable[Record], size: int) -> Iterator[tuple[BatchBuilder, Record]]:
    """Yield each batch with its first record; none is larger than `size` with two or more."""
    batch, first = BatchBuilder(size, 0, is_transactional=1), None
    append = batch.append
    for record in records:
        key, value = record[0], record[1]
        headers = record[2] if len(record) == 3 else []
        if append(timestamp=None, key=key, value=value, headers=headers) is None:
            if first is not None:
                yield batch, first
            batch, first = BatchBuilder(size, 0, is_transactional=1), None
            append = batch.append
            append(timestamp=None, key=key, value=value, headers=headers)
        if first is None:
            first = record
    if first is not None:
        batch.close()
        yield batch, first
