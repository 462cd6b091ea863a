"""Dead letters: rejected records with the reason, to be examined and sent again."""

import base64
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from aiokafka import ConsumerRecord, TopicPartition

from streams.events import Rejected
from streams.events.key_value import KeyValue
from streams.kafka.record_batches import Record
from streams.kafka.topics import DEAD_LETTERS

DESTINATION = TopicPartition(DEAD_LETTERS, 0)
# A reference record on a topic of events, or the reverse.
MISPLACED = Rejected("does not belong here", "type", "does not belong here")


def dead_letter(record: ConsumerRecord, why: Rejected, clock: int) -> KeyValue:
    """The dead letter of a record: its key, and a body with its bytes in Base64."""
    body = {
        "reason": why.reason,
        "field": why.field,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _base64(record.key),
        "value": _base64(record.value),
        "headers": [[name, _base64(text)] for name, text in record.headers or ()],
        "at": timestamp(clock),
    }
    return record.key or b"", orjson.dumps(body)


class Place(NamedTuple):
    """Where in a delivery something could not be translated.

    Attributes:
        source: The source, with its account after a slash if it has one.
        item: The number of the item in the delivery, from 1; 0 for all of it.
        rule: The name of the rule of the mapping file, or "".
    """

    source: str
    item: int = 0
    rule: str = ""


def unmapped(
    record: ConsumerRecord, place: Place, field: str | None, reason: str, clock: int
) -> KeyValue:
    """The dead letter of a part of a delivery, which it names: the inbox alone holds the bytes."""
    body = {
        "reason": reason,
        "field": field,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": None,
        "value": None,
        "headers": [],
        "at": timestamp(clock),
        **place._asdict(),
    }
    return b"", orjson.dumps(body)


def sent_again(offset: int, clock: int) -> bytes:
    """The note that what a dead letter is about has been sent; `offset` is the dead letter's."""
    return orjson.dumps({"sent_again": offset, "at": timestamp(clock)})


def shortened(record: Record) -> KeyValue:
    """A dead letter that Kafka does not accept, without the bytes of its record."""
    body = orjson.loads(record[1] or b"{}")
    length = len(base64.b64decode(body.get("value") or ""))
    reason = f"{body.get('reason', '')}; its {length} bytes are too many for a dead letter"
    return b"", orjson.dumps({**body, "reason": reason, "key": None, "value": None, "headers": []})


SHORTER = {DEAD_LETTERS: shortened}


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def timestamp(clock: int) -> str:
    """Write an instant in milliseconds as RFC 3339 in UTC."""
    moment = datetime.fromtimestamp(clock / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
