"""What every event and reference record carries."""

from typing import ClassVar

from msgspec import Struct

from streams.events.fields import (
    Instant,
    Name,
    Seq,
    Text,
)


class Common(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", omit_defaults=True):
    """What every event and reference record carries; `at` is the time in the CRM.

    In a patch a field that is UNSET stays as it was, and None clears it. Elsewhere both mean
    that nothing was given, and the field is None.
    """

    topic: ClassVar[str]
    is_patch: ClassVar[bool] = False
    id: Name
    at: Instant
    seq: Seq | None = None
    source: Text | None = None


class Event(Common, frozen=True, kw_only=True, gc=False):
    """A fact about one subject; the same `id` and type again are the same fact again."""

    subject: Name

    @property
    def key(self) -> str:
        """The key of its Kafka record."""
        return self.subject
