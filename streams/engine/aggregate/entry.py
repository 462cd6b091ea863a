"""One event as its set holds it: when, which, what; and the order that all rules follow."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.events import Common


class Entry(NamedTuple):
    """An event with its instant in milliseconds; entries sort by (at, id), ids being unique."""

    at: int
    id: str
    event: Common


def latest(entries: Iterable[Entry], field: str) -> str:
    """Give a patched text field: the last entry that carries it decides; "" if none does.

    A field sent empty is carried, and clears it.
    """
    value = ""
    for entry in entries:
        carried: str | None = getattr(entry.event, field, None)
        if carried is not None:
            value = carried
    return value
