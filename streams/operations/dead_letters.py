"""The dead letters at a desk: which wait, what they hold, and sending them again once mended."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.events import (
    Event,
    ReferenceRecord,
    Rejected,
    decode,
    topic_of,
)
from streams.internal_topics.dead_letters import DESTINATION
from streams.kafka.client import client
from streams.kafka.reader import ends, read_to

Mend = Callable[[bytes | None], bytes | None]


class CannotMend(Exception):
    """A change that cannot be made to these bytes; the message says why."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be read; `offset` is its own place, the rest says whence it came.

    `sent_again` is when a mended form of it was taken, None if it still waits.
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
    sent_again: str | None = None

    def report(self) -> dict[str, Any]:
        """Give it as JSON fields; the bytes as text where they are text, else in Base64."""
        return {
            "offset": self.offset,
            "at": self.at,
            "reason": self.reason,
            "field": self.field,
            "source": f"{self.topic}/{self.partition}/{self.source_offset}",
            "sent_again": self.sent_again,
            "key": shown(self.key),
            "value": shown(self.value),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter: sent to a topic, or still refused and why."""

    dead_letter: DeadLetter
    topic: str | None = None
    rejected: Rejected | None = None


async def read_dead_letters(settings: Settings) -> list[DeadLetter]:
    """Give all that are kept, oldest first. Raises what reading raises."""
    found: dict[int, DeadLetter] = {}
    again: dict[int, str] = {}
    async for _, records in read_to(settings, await ends(settings, [DESTINATION])):
        for record in records:
            reports = orjson.loads(record.value)
            if "sent_again" in reports:
                again[reports["sent_again"]] = reports["at"]
            else:
                found[record.offset] = _parse(record.offset, reports)
    return [
        replace(dead_letter, sent_again=again.get(offset)) for offset, dead_letter in found.items()
    ]


async def send_again(
    settings: Settings, chosen: Sequence[DeadLetter], mend: Mend, now: int
) -> list[Outcome]:
    """Send mended letters to the topics of their events, and note for each that it was sent.

    One that is no event after all stays a letter. The note follows the event's acknowledgement,
    so a letter may be sent twice if this is interrupted, which changes nothing, and is never
    noted unsent. CannotMend if a change does not fit; nothing is sent then.
    """
    mended = [mend(dead_letter.value) for dead_letter in chosen]
    read = [decode(value) for value in mended]
    outcomes = []
    producer = AIOKafkaProducer(**client(settings), enable_idempotence=True, acks="all")
    await producer.start()
    try:
        for dead_letter, value, event in zip(chosen, mended, read, strict=True):
            if isinstance(event, Rejected):
                outcomes.append(Outcome(dead_letter, rejected=event))
                continue
            assert isinstance(event, Event | ReferenceRecord)  # noqa: S101 - for the type checker: there is no third kind
            topic = topic_of(event)
            await producer.send_and_wait(topic, value, event.key.encode())
            await producer.send_and_wait(
                DESTINATION.topic, _annotation(dead_letter, now), dead_letter.key
            )
            outcomes.append(Outcome(dead_letter, topic=topic))
    finally:
        await producer.stop()
    return outcomes


def mending(assignments: Iterable[str], dropped: Iterable[str], whole: bytes | None) -> Mend:
    """Make a change of bytes: `whole` replaces them; else fields are set and dropped.

    `name=text` sets a text, `name:=json` anything else. CannotMend for an assignment that is
    neither, and when fields are to change in what is no JSON object.
    """
    fields = dict(_assigned(text) for text in assignments)
    gone = set(dropped)

    def mend(value: bytes | None) -> bytes | None:
        if whole is not None:
            return whole
        if not fields and not gone:
            return value
        try:
            reports = orjson.loads(value or b"")
        except orjson.JSONDecodeError as error:
            raise CannotMend(f"not JSON ({error}): give the whole event with --value") from error
        if not isinstance(reports, dict):
            raise CannotMend("not a JSON object: give the whole event with --value")
        return orjson.dumps({name: v for name, v in (reports | fields).items() if name not in gone})

    return mend


def shown(raw: bytes | None) -> str | None:
    """Write bytes as text, or as `base64:...` where they are none."""
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"


def _assigned(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name.removesuffix(":"):
        raise CannotMend(f"{text!r} is neither name=text nor name:=json")
    if not name.endswith(":"):
        return name, value
    try:
        return name[:-1], orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise CannotMend(f"{text!r}: what follows := is not JSON") from error


def _parse(offset: int, reports: dict[str, Any]) -> DeadLetter:
    return DeadLetter(
        offset,
        reports["at"],
        reports["reason"],
        reports["field"],
        reports["topic"],
        reports["partition"],
        reports["offset"],
        _raw(reports["key"]),
        _raw(reports["value"]),
    )


def _raw(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _annotation(dead_letter: DeadLetter, now: int) -> bytes:
    at = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
    return orjson.dumps({"sent_again": dead_letter.offset, "at": at.replace("+00:00", "Z")})
