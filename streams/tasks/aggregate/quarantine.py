"""A KPI that raises: what a shard notes of it, and how its next owner finds the event to blame.

The owner that meets it cannot tell which of thousands of events it was, and its rows are half
changed by then. So it notes in the state which records it was at, and ends; the next owner tries
these one at a time and sets aside what raises. Without a note nothing of this costs any time.
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
# An error may quote the event; what is kept of it is for people to read.
TEXT_LENGTH = 500


class Crashed(Fatal):
    """The pure core raised what it never should; the error is this one's cause."""


@contextmanager
def attribute_to_shard(shard: int) -> Iterator[None]:
    """Turn whatever the pure core raises into Crashed."""
    try:
        yield
    except Fatal:
        raise
    except Exception as error:
        raise Crashed(f"shard {shard}: a KPI failed with {describe_error(error)}") from error


def describe_error(error: BaseException) -> str:
    """Say in a line what was raised."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:TEXT_LENGTH] if text else type(error).__name__


@dataclass(frozen=True)
class CrashNote:
    """Which records were being folded: of each topic those from one offset up to another."""

    since: Mapping[str, int]
    to: Mapping[str, int]
    error: str

    def encode(self) -> bytes:
        """Write it as a record's value."""
        return orjson.dumps({"from": dict(self.since), "to": dict(self.to), "error": self.error})

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Read what `encode` wrote."""
        sent = orjson.loads(value)
        return cls(sent["from"], sent["to"], sent["error"])


@dataclass
class Quarantine:
    """What the state says of crashes: the note that stands, and the moves that were set aside.

    An event that was set aside is in no row. A move stays in its topic, which a new owner reads
    whole; so the state says which not to take, by the key it has there and the sum of its bytes.
    """

    crash_note: CrashNote | None = None
    reroutes: dict[bytes, bytes] = field(default_factory=dict)

    def restore(self, key: bytes, value: bytes | None) -> bool:
        """Take an element of the state; False if it is none of these."""
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

    def covers(self, topic: str, offset: int) -> bool:
        """Tell whether a record has to be tried before it is taken."""
        return self.crash_note is not None and offset < self.crash_note.to.get(topic, 0)

    def forget_note_if_passed(self, source_offsets: Mapping[str, int]) -> list[KeyValue]:
        """Forget the note if a position is past it; gives the elements that say so."""
        if self.crash_note is None or any(
            source_offsets.get(t, 0) < end for t, end in self.crash_note.to.items()
        ):
            return []
        self.crash_note = None
        return [(CRASH_NOTE_KEY, None)]

    def is_quarantined(self, key: bytes, reroute: Reroute) -> bool:
        """Tell whether this very move was set aside."""
        return bool(self.reroutes) and self.reroutes.get(key) == _digest(reroute)

    def add(self, key: bytes, reroute: Reroute) -> KeyValue:
        """Remember not to take a move; gives the element that says so."""
        self.reroutes[key] = _digest(reroute)
        return QUARANTINED_PREFIX + key, self.reroutes[key]

    def release(self, key: bytes) -> list[KeyValue]:
        """Forget what was set aside under a key, for another move has come; as `passed`."""
        return [] if self.reroutes.pop(key, None) is None else [(QUARANTINED_PREFIX + key, None)]


def rejection_of(check: Callable[[Any], None], what: object) -> Rejected | None:
    """Try an event or a move on the pure core; give the reason if it makes it raise."""
    try:
        check(what)
    except Exception as error:  # noqa: BLE001 - whatever a KPI raises would end the worker
        return Rejected(f"crashes the KPIs: {describe_error(error)}")
    return None


def _digest(reroute: Reroute) -> bytes:
    return sha256(reroute.value or b"").digest()
