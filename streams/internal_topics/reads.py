"""Topic `<app>.reads`: the records of CRMs that are to be read, for webhooks that only name them.

Compacted, with one partition: whoever reads it knows everything that waits, and keeps one rate
limit for each source. The key names the record, so that requests for one record are one. A
tombstone follows once it has been read.
"""

from typing import NamedTuple

import orjson
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.record_batches import Tombstone

# The header of a tombstone with the offset of the last request that it answers.
ANSWERED = "answered"


class ReadKey(NamedTuple):
    """The name of a record in a CRM.

    Attributes:
        source: The name of the source.
        label: The account of the source, or "".
        kind: The kind of the record, as `[api]` of the mapping file names it.
        id: The record's id in the CRM.
    """

    source: str
    label: str
    kind: str
    id: str

    def encode(self) -> bytes:
        """Return the record key."""
        return orjson.dumps(tuple(self))


class ReadRequest(NamedTuple):
    """A record of a CRM that is to be read.

    Attributes:
        key: Which record.
        asked: When the webhook that names it was received, in milliseconds since the epoch.
    """

    key: ReadKey
    asked: int


def partition(settings: Settings) -> TopicPartition:
    """Return the topic's only partition."""
    return TopicPartition(topics.reads(settings), 0)


def write(request: ReadRequest) -> KeyValue:
    """Encode a request."""
    return request.key.encode(), orjson.dumps({"asked": request.asked})


def tombstone(key: ReadKey, offset: int) -> Tombstone:
    """Encode that a record has been read, for the requests up to an offset.

    One that came while it was being read is not answered.
    """
    return key.encode(), None, [(ANSWERED, str(offset).encode())]


def answered(record: ConsumerRecord) -> int:
    """Decode up to which offset a tombstone answers requests."""
    written = dict(record.headers or ()).get(ANSWERED)
    return int(written) if written else int(record.offset)


def read_key(record: ConsumerRecord) -> ReadKey:
    """Decode which record a request or a tombstone is about."""
    return ReadKey(*orjson.loads(record.key))


def read(record: ConsumerRecord) -> ReadRequest | None:
    """Decode a request; None for a tombstone."""
    if record.value is None:
        return None
    return ReadRequest(read_key(record), orjson.loads(record.value)["asked"])
