"""Poison records: events and reroutes for which a KPI raises, and how the next owner finds them.

The owner that meets one cannot know which of thousands of events it was, and its event sets are
half changed by then. So it writes a crash note with the records it was processing, and ends; the
next owner checks these one at a time and puts in quarantine what raises. Without a note none of
this costs any time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

import orjson

from streams.engine.aggregate.reroutes import Reroute
from streams.events import Rejected
from streams.events.key_value import KeyValue
from streams.kafka.errors import Fatal

CRASH_NOTE_KEY, QUARANTINED_PREFIX = b"n", b"x"
# An error may quote the event; its text is for people to read.
TEXT_LENGTH = 500


class Crashed(Fatal):
    """A KPI raised an error, which is this one's cause."""


@contextmanager
def attribute_to_shard(shard: int) -> Iterator[None]:
    """Turn whatever the pure core raises into Crashed, with the number of the shard."""
    try:
        yield
    except Fatal:
        raise
    except Exception as error:
        raise Crashed(f"shard {shard}: a KPI failed with {describe_error(error)}") from error


def describe_error(error: BaseException) -> str:
    """Describe an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:TEXT_LENGTH] if text else type(error).__name__


@dataclass(frozen=True)
class CrashNote:
    """The records that were being processed: by topic, from one offset up to another.

    There may be none: an event that has waited for its time can be to blame, too.
    """

    since: Mapping[str, int]
    to: Mapping[str, int]
    error: str

    def encode(self) -> bytes:
        """Encode as a record's value."""
        return orjson.dumps({"from": dict(self.since), "to": dict(self.to), "error": self.error})

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Decode what `encode` made."""
        fields = orjson.loads(value)
        return cls(fields["from"], fields["to"], fields["error"])


@dataclass
class Quarantine:
    """What the state says of crashes: the current note, and the reroutes in quarantine.

    An event in quarantine is in no event set. A reroute stays in its topic, which a new owner
    reads whole; so the state says which not to apply, by its record key and its digest.
    """

    crash_note: CrashNote | None = None
    reroutes: dict[bytes, bytes] = field(default_factory=dict)

    def restore(self, key: bytes, value: bytes | None) -> bool:
        """Apply a record of the state changelog; False if it is about something else."""
        if key == CRASH_NOTE_KEY:
            self.crash_note = None if value is None else CrashNote.decode(value)
        elif key[:1] == QUARANTINED_PREFIX:
            if value is None:
                self.reroutes.pop(key[1:], None)
            else:
                self.reroutes[key[1:]] = value
        else:
            return False
        return True

    def records(self) -> list[tuple[bytes, bytes]]:
        """The changelog records of the reroutes in quarantine."""
        return [(QUARANTINED_PREFIX + key, digest) for key, digest in self.reroutes.items()]

    def covers(self, topic: str, offset: int) -> bool:
        """Whether a record has to be checked before it is applied."""
        return self.crash_note is not None and offset < self.crash_note.to.get(topic, 0)

    def note_removal(self, source_offsets: Mapping[str, int]) -> list[KeyValue]:
        """The records that remove a crash note which source offsets have passed."""
        return [(CRASH_NOTE_KEY, None)] if self._is_note_passed(source_offsets) else []

    def forget_passed_note(self, source_offsets: Mapping[str, int]) -> None:
        """Forget the crash note if source offsets have passed it."""
        if self._is_note_passed(source_offsets):
            self.crash_note = None

    def is_quarantined(self, key: bytes, reroute: Reroute) -> bool:
        """Whether a reroute, with these very bytes, is in quarantine."""
        return bool(self.reroutes) and self.reroutes.get(key) == _digest(reroute)

    def add(self, key: bytes, reroute: Reroute) -> KeyValue:
        """Put a reroute in quarantine; returns the record for the state changelog."""
        self.reroutes[key] = _digest(reroute)
        return QUARANTINED_PREFIX + key, self.reroutes[key]

    def release(self, key: bytes) -> list[KeyValue]:
        """Forget the reroute under a key, since another one came; returns changelog records."""
        return [] if self.reroutes.pop(key, None) is None else [(QUARANTINED_PREFIX + key, None)]

    def _is_note_passed(self, source_offsets: Mapping[str, int]) -> bool:
        note = self.crash_note
        return note is not None and all(
            source_offsets.get(topic, 0) >= end for topic, end in note.to.items()
        )


def rejection_of(check: Callable[[Any], None], what: object) -> Rejected | None:
    """The reason to reject an event or a reroute, if checking it raises."""
    try:
        check(what)
    except Exception as error:  # noqa: BLE001 - whatever a KPI raises would end the worker
        return crash_rejection(error)
    return None


def crash_rejection(error: Exception) -> Rejected:
    """The reason to reject what makes a KPI raise."""
    return Rejected(f"crashes the KPIs: {describe_error(error)}", None, "crashes the KPIs")


def _digest(reroute: Reroute) -> bytes:
    return sha256(reroute.value or b"").digest()
