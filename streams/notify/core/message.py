"""A message to a recipient: what has changed, under a key that names it for good."""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, json

from streams.notify.core.alert import Alert

# `moved`: it still holds, and is no longer this recipient's.
Action = Literal["raised", "ended", "moved"]
ID_DIGITS = 32


class Recipient(NamedTuple):
    """Who gets messages.

    Attributes:
        route: The name of a route.
        whom: The address that gets mail, or the rep where each gets the rep's own; else empty.
    """

    route: str
    whom: str = ""

    def __str__(self) -> str:
        """Return its name for people."""
        return f"{self.route} ({self.whom})" if self.whom else self.route


class Change(Struct, frozen=True):
    """An alert that is new to a recipient, or no longer there.

    Attributes:
        key: The alert's key on `sales.alerts`.
        action: What has happened to it.
        alert: The alert as it is, or as the recipient was sent it.
    """

    key: str
    action: Action
    alert: Alert


class Message(Struct, frozen=True):
    """What one recipient is sent at once.

    Attributes:
        id: The idempotency key: whoever gets it twice has got one message.
        at: When it was composed, in milliseconds.
        changes: At least one.
    """

    id: str
    at: int
    changes: tuple[Change, ...]


def compose(recipient: Recipient, at: int, changes: Sequence[Change]) -> Message:
    """Make a message; the same arguments give the same id, and other ones another."""
    named = [(change.key, change.action, change.alert.since) for change in changes]
    digest = hashlib.sha256(json.encode((recipient, at, named))).hexdigest()
    return Message(f"msg_{digest[:ID_DIGITS]}", at, tuple(changes))
