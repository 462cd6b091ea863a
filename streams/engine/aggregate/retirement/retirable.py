"""Which event sets may leave memory: those of which time will not change anything."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from msgspec import Struct

from streams.engine.aggregate.contributions import EntityContributions
from streams.engine.aggregate.entry import Entry
from streams.engine.calendars.calendar import milliseconds


class Retirable(NamedTuple):
    """An event set that may leave memory, packed, with the last day that it knows."""

    name: str
    packed: bytes
    day: int


def last_instant(entries: Iterable[Entry]) -> int:
    """The last instant of some events, at least one, or of anything that they say."""
    return max(milliseconds(each) for entry in entries for each in _instants(entry.event))


def _instants(value: Any) -> Iterator[datetime]:
    """All instants in a value; of a date the last one, in any time zone."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, date):
        yield datetime.combine(value, time.max, UTC)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _instants(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _instants(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _instants(each)


def last_contribution(contributions: EntityContributions) -> int:
    """The last instant from which a set counts for anything, 0 if there is none.

    A level that is left over, such as that of a lead without an answer, counts from then on in
    every window: it is in the cells, and no later instant changes it.
    """
    return max(
        (max(at, since) for entity in contributions for _, at, since, _, _ in entity),
        default=0,
    )
