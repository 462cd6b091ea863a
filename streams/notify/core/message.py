"""A message to a recipient: changes or a report, under a key that names it for good."""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec import Struct, json

from streams.languages import LANGUAGES
from streams.notify.core.alert import Alert

# `moved`: it still holds, and is no longer this recipient's.
Action = Literal["raised", "ended", "moved"]
ID_DIGITS = 32


class Recipient(NamedTuple):
    """Who gets messages.

    Attributes:
        route: The name of a route or a report.
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
        language: The code of the language that it is written in.
    """

    id: str
    at: int
    changes: tuple[Change, ...]
    language: str = LANGUAGES[0]


class ReportedKpi(Struct, frozen=True):
    """One KPI of a report; the values as in its record on `sales.kpis`.

    Attributes:
        text: Everything about it, as people read it; the cells are parts of it.
        cells: Its name, its value, how it differs from the window before, and its target; the last
            two are empty where there is nothing to tell.
    """

    kpi: str
    text: str
    value: str | int | float | None
    previous: str | int | float | None
    target: str | int | float | None
    met: bool | None
    unit: str
    cells: tuple[str, str, str, str]


class ReportMessage(Struct, frozen=True):
    """A report, as one recipient is sent it.

    Attributes:
        id: The idempotency key: the same for the same recipient, report and window.
        at: When it was composed, in milliseconds.
        ends_at: When that of a later window is due, and this one no longer sent; in milliseconds.
        scope: As in keys.
        first_day: The window's first day, a proleptic ordinal.
        start: Of the window; RFC 3339 in the reporting zone, as `end`.
    """

    id: str
    at: int
    ends_at: int
    title: str
    language: str
    scope: str
    window: str
    first_day: int
    start: str
    end: str
    kpis: tuple[ReportedKpi, ...]


AnyMessage = Message | ReportMessage


def report_id(recipient: Recipient, window: str, start: str) -> str:
    """Return the id of the report of a window to a recipient."""
    digest = hashlib.sha256(json.encode((recipient, window, start))).hexdigest()
    return f"msg_{digest[:ID_DIGITS]}"


def compose(recipient: Recipient, at: int, changes: Sequence[Change], language: str) -> Message:
    """Make a message; the same changes to a recipient give the same id, and others another."""
    named = [(change.key, change.action, change.alert.since) for change in changes]
    digest = hashlib.sha256(json.encode((recipient, at, named))).hexdigest()
    return Message(f"msg_{digest[:ID_DIGITS]}", at, tuple(changes), language)
