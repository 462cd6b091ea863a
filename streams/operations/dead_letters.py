"""Operations on dead letters: list them, repair them and send them again."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from streams.config.rules import read as read_rules
from streams.config.settings import Settings
from streams.events import (
    SOURCE_TOPICS,
    Common,
    Event,
    KnownNames,
    ReferenceRecord,
    Rejected,
    SubjectEvent,
    decode,
    topics_of,
)
from streams.events.formats.kafka_records import canonical_value
from streams.internal_topics.dead_letters import DESTINATION, Place, sent_again
from streams.kafka.client import client, safe_to_cancel
from streams.kafka.reader import ends, read_to
from streams.wiring.catalogue import catalogue, known_names

Repair = Callable[["DeadLetter"], bytes | None]


class CannotRepair(Exception):
    """A change that cannot be made to these bytes; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be read; `offset` is its own, the other fields are of its source.

    `sent_again` is the time at which a repaired event was accepted, None if it is still pending.
    `place` is where in a delivery of the inbox it was found; the inbox alone has its bytes.
    """

    offset: int
    at: str
    reason: str
    field: str | None
    topic: str
    partition: int
    source_offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    sent_again: str | None = None
    place: Place | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What is the same of dead letters of one part of a delivery, and of no other two."""
        if self.place is None:
            return (self.offset,)
        return self.partition, self.source_offset, *self.place

    def event_value(self) -> bytes | None:
        """Return the event to repair as canonical JSON, where it is a CloudEvent.

        Raises CannotRepair for a CloudEvent that cannot be made one.
        """
        found = canonical_value(self.value, self.headers)
        if isinstance(found, Rejected):
            where = f"{found.field}: " if found.field else ""
            raise CannotRepair(f"{where}{found.reason}: give the whole event with --value")
        return found

    def report(self) -> dict[str, Any]:
        """Return it as JSON fields; the bytes as text where they are text, else in Base64."""
        return {
            "offset": self.offset,
            "at": self.at,
            "reason": self.reason,
            "field": self.field,
            "source": f"{self.topic}/{self.partition}/{self.source_offset}",
            "sent_again": self.sent_again,
            "key": display(self.key),
            "value": display(self.value),
            "headers": {name: display(text) for name, text in self.headers},
            **({"delivery": self.place._asdict()} if self.place else {}),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a dead letter: sent to its topics, or rejected again with a reason."""

    dead_letter: DeadLetter
    topics: tuple[str, ...] = ()
    rejected: Rejected | None = None


async def read_dead_letters(settings: Settings) -> list[DeadLetter]:
    """Return all dead letters, oldest first. Raises Fatal if Kafka cannot be read.

    Of several about one part of a delivery, which is translated at least once, the last counts.
    """
    found: dict[tuple[object, ...], DeadLetter] = {}
    again: dict[int, str] = {}
    async for _, records in read_to(settings, await ends(settings, [DESTINATION])):
        for record in records:
            content = orjson.loads(record.value)
            if "sent_again" in content:
                again[content["sent_again"]] = content["at"]
            else:
                dead_letter = _parse(record.offset, content)
                found[dead_letter.identity] = dead_letter
    return [
        replace(dead_letter, sent_again=again.get(dead_letter.offset))
        for dead_letter in sorted(found.values(), key=attrgetter("offset"))
    ]


async def send_again(
    settings: Settings, chosen: Sequence[DeadLetter], repair: Repair, now: int
) -> list[Outcome]:
    """Send repaired dead letters to the topics of their events, and record that each was sent.

    One that is not an event even so stays a dead letter. The record of it follows the event's
    acknowledgement: if this is interrupted, an event may be sent twice, which changes nothing, but
    is never recorded as sent when it was not. Raises CannotRepair, with nothing sent, if a repair
    does not fit.
    """
    repaired = [repair(dead_letter) for dead_letter in chosen]
    known = known_names(catalogue(settings, read_rules(settings.rules)))
    read = [_checked(decode(value), known) for value in repaired]
    outcomes = []
    producer = safe_to_cancel(
        AIOKafkaProducer(**client(settings), enable_idempotence=True, acks="all")
    )
    try:
        await producer.start()
        for dead_letter, value, event in zip(chosen, repaired, read, strict=True):
            if isinstance(event, Rejected):
                outcomes.append(Outcome(dead_letter, rejected=event))
                continue
            assert isinstance(event, Event | ReferenceRecord)  # noqa: S101 - for the type checker: there is no third kind
            names = destinations(dead_letter, event)
            for topic in names:
                await producer.send_and_wait(topic, value, event.key.encode())
            await producer.send_and_wait(
                DESTINATION.topic, sent_again(dead_letter.offset, now), dead_letter.key
            )
            outcomes.append(Outcome(dead_letter, topics=names))
    finally:
        await producer.stop()
    return outcomes


def _checked(event: Common | Rejected, known: KnownNames) -> Common | Rejected:
    """Return an event, or why it would be a dead letter again."""
    return event if isinstance(event, Rejected) else known.problem(event) or event


def destinations(dead_letter: DeadLetter, event: Common) -> tuple[str, ...]:
    """Return the topics to which a repaired event is sent.

    One on a whole subject that names no topic is about the kind of the topic it lay in.
    """
    names_none = isinstance(event, SubjectEvent) and event.on_topic is None
    if names_none and dead_letter.topic in SOURCE_TOPICS:
        return (dead_letter.topic,)
    return topics_of(event)


def repair_of(assignments: Iterable[str], dropped: Iterable[str], whole: bytes | None) -> Repair:
    """Return a repair of an event: `whole` replaces them; else fields are set and dropped.

    `name=text` sets a text, `name:=json` anything else. Raises CannotRepair for any other
    assignment; the repair raises it for bytes that are not a JSON object.
    """
    fields = dict(_assigned(text) for text in assignments)
    gone = set(dropped)

    def repair(dead_letter: DeadLetter) -> bytes | None:
        if whole is not None:
            return whole
        value = dead_letter.event_value()
        if not fields and not gone:
            return value
        try:
            found = orjson.loads(value or b"")
        except orjson.JSONDecodeError as error:
            raise CannotRepair(f"not JSON ({error}): give the whole event with --value") from error
        if not isinstance(found, dict):
            raise CannotRepair("not a JSON object: give the whole event with --value")
        return orjson.dumps({name: v for name, v in (found | fields).items() if name not in gone})

    return repair


def display(raw: bytes | None) -> str | None:
    """Return bytes as text, or as `base64:...` where they are not UTF-8."""
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"


def _assigned(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.removesuffix(":"):
        raise CannotRepair(f"{text!r} is neither name=text nor name:=json")
    if not name.endswith(":"):
        return name, value
    try:
        return name[:-1], orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise CannotRepair(f"{text!r}: what follows := is not JSON") from error


def _parse(offset: int, content: dict[str, Any]) -> DeadLetter:
    return DeadLetter(
        offset,
        content["at"],
        content["reason"],
        content["field"],
        content["topic"],
        content["partition"],
        content["offset"],
        _raw(content["key"]),
        _raw(content["value"]),
        tuple((name, _raw(text)) for name, text in content["headers"]),
        place=_place(content),
    )


def _place(content: dict[str, Any]) -> Place | None:
    if "source" not in content:
        return None
    return Place(content["source"], content["item"], content["rule"])


def _raw(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
