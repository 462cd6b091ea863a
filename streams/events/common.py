"""What every event and reference record carries."""

from typing import ClassVar

from msgspec import Struct

from streams.events.fields import (
    Instant,
    Name,
    Text,
)


class Common(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", omit_defaults=True):
    """What every event and reference record carries; `at` is the time in the CRM."""

    topic: ClassVar[str]
    id: Name
    at: Instant
    source: Text | None = None


class Event(Common, frozen=True, kw_only=True, gc=False):
    """A fact about one subject; the same `id` again is the same fact again."""

    subject: Name

    @property
    def key(self) -> str:
        """The key of its Kafka record."""
        return self.subject
