"""The parts of a snapshot, as bytes: event sets, and what was made of them."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw, Struct

from streams.engine.aggregate.alert_evaluator import Alert, Span
from streams.engine.aggregate.contributions import Contribution
from streams.engine.aggregate.reference_index import Dependency
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.catalogue.dimensions import Dimensions, same_dimensions
from streams.events.key_value import KeyValue

# Each about 100 kB and two milliseconds of encoding.
CONTRIBUTIONS_PER_PART = 2_000
SETS_PER_PART = 1_000
BYTES_PER_PART = 100_000


class NotEncodable(Exception):
    """A value that would not come back equal, of a KPI with a measure of its own."""


_Scalar = int | bool | str
_Value = _Scalar | tuple[_Scalar, ...]
_SCALARS = frozenset((int, bool, str))
# As `Span`, without the name of the event set.
_Span = tuple[int, int | None, int, str | None, int, str, int | None, str]


class EventsPart(Struct, array_like=True, tag="events"):
    """Some event sets by name, packed, and some records of the state changelog."""

    sets: list[tuple[str, bytes]]
    records: list[tuple[bytes, bytes | None]]


class DependenciesPart(Struct, array_like=True, tag="dependencies"):
    """Some event sets that depend on reference data: of which kind, on what, and their names."""

    dependencies: list[tuple[Dependency, str, list[str]]]


class CellsPart(Struct, array_like=True, tag="cells"):
    """Some cells by `day|scope` or `hMS|scope`, whole and packed."""

    cells: list[tuple[str, Raw]]


class WaitingPart(Struct, array_like=True, tag="waiting"):
    """Some waiting contributions, column by column; dimensions are places in their list."""

    dimensions: list[tuple[tuple[str, ...], bool]]
    places: list[int]
    numbers: list[int]
    ats: list[int]
    begins: list[int]
    values: list[_Value]
    times: list[int]


class AlertsPart(Struct, array_like=True, tag="alerts"):
    """The spans of alerts of some event sets."""

    spans: list[tuple[str, list[_Span]]]


class GroupsPart(Struct, array_like=True, tag="groups"):
    """The event sets with contributions of some reps, where these belong to groups over time."""

    sets_by_rep: list[tuple[str, list[str]]]


class ReroutesPart(Struct, array_like=True, tag="reroutes"):
    """Some rerouted events that are in event sets, as keys and values of reroutes."""

    reroutes: list[tuple[bytes, bytes | None]]


class CopiesPart(Struct, array_like=True, tag="copies"):
    """Some event sets of which the state has copies, by number.

    Of those out of memory number and place; of others number, offset and digest; and on what some
    of the former depend.
    """

    numbers: list[int]
    places: list[int]
    spare: list[tuple[int, int, bytes]]
    dependencies: list[tuple[Dependency, str, list[int]]]


Part = (
    EventsPart
    | DependenciesPart
    | CellsPart
    | WaitingPart
    | AlertsPart
    | GroupsPart
    | ReroutesPart
    | CopiesPart
)
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Part).decode


# A contribution that waits for its time, and how many times it then counts.
Waiting = tuple[Contribution, int]


def events_parts(content: Iterable[tuple[str, bytes] | KeyValue]) -> Iterator[EventsPart]:
    """Divide event sets and records into parts."""
    part, size = EventsPart([], []), 0
    for name, value in content:
        if isinstance(name, str):
            part.sets.append((name, value or b""))
        else:
            part.records.append((name, value))
        size += len(name) + len(value or b"")
        if size >= BYTES_PER_PART:
            yield part
            part, size = EventsPart([], []), 0
    if size:
        yield part


def dependencies_parts(
    dependencies: Iterable[tuple[Dependency, str, Iterable[str]]],
) -> Iterator[DependenciesPart]:
    """Divide the event sets that depend on reference data into parts."""
    for kind, key, names in dependencies:
        rest = iter(names)
        while some := list(islice(rest, SETS_PER_PART)):
            yield DependenciesPart([(kind, key, some)])


def cells_parts(cells: Iterable[tuple[str, bytes]]) -> Iterator[CellsPart]:
    """Divide packed cells into parts."""
    part, size = CellsPart([]), 0
    for name, packed in cells:
        part.cells.append((name, Raw(packed)))
        size += len(name) + len(packed)
        if size >= BYTES_PER_PART:
            yield part
            part, size = CellsPart([]), 0
    if size:
        yield part


def cells_of(part: CellsPart) -> Iterator[tuple[str, bytes]]:
    """The packed cells of a part."""
    return ((name, bytes(packed)) for name, packed in part.cells)


def waiting_parts(waiting: Iterable[Waiting]) -> Iterator[WaitingPart]:
    """Divide waiting contributions into parts. Raises NotEncodable."""
    rest = iter(waiting)
    while some := list(islice(rest, CONTRIBUTIONS_PER_PART)):
        places: dict[Dimensions, int] = {}
        part = WaitingPart([], [], [], [], [], [], [])
        for (number, at, begins, value, dimensions), times in some:
            part.places.append(places.setdefault(dimensions, len(places)))
            part.numbers.append(number)
            part.ats.append(at)
            part.begins.append(begins)
            part.values.append(value)
            part.times.append(times)
        _check_values(part.values)
        part.dimensions = [(each.values, each.counts_in_total) for each in places]
        yield part


def alerts_parts(spans: Iterable[tuple[str, tuple[Span, ...]]]) -> Iterator[AlertsPart]:
    """Divide the spans of alerts into parts."""
    rest = iter(spans)
    while some := list(islice(rest, SETS_PER_PART)):
        yield AlertsPart([(name, [_flat(span) for span in found]) for name, found in some])


def groups_parts(sets_by_rep: Iterable[tuple[str, Iterable[str]]]) -> Iterator[GroupsPart]:
    """Divide the event sets by rep into parts."""
    for rep, names in sets_by_rep:
        rest = iter(names)
        while some := list(islice(rest, SETS_PER_PART)):
            yield GroupsPart([(rep, some)])


def reroutes_parts(
    names: Iterable[str], received: Callable[[str], Iterable[Reroute]]
) -> Iterator[ReroutesPart]:
    """Divide the rerouted events in event sets into parts, some of which are empty."""
    rest = iter(names)
    while some := list(islice(rest, SETS_PER_PART)):
        found = (reroute for name in some for reroute in received(name))
        yield ReroutesPart([(reroute.key, reroute.value) for reroute in found])


def waiting_of(part: WaitingPart) -> Iterator[Waiting]:
    """The contributions of a part, with the objects that stand for their dimensions."""
    dimensions = [same_dimensions(values, counts) for values, counts in part.dimensions]
    columns = part.numbers, part.ats, part.begins, part.values, part.places, part.times
    for number, at, begins, value, place, times in zip(*columns, strict=True):
        yield (number, at, begins, value, dimensions[place]), times


def spans_of(part: AlertsPart) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """The spans of a part by event set."""
    for name, found in part.spans:
        spans = [
            Span(start, until, Alert(number, name, within, since, rep, amount, channel))
            for start, until, number, within, since, rep, amount, channel in found
        ]
        yield name, tuple(spans)


def _flat(span: Span) -> _Span:
    alert = span.alert
    return (
        *(span.start, span.until, alert.number, alert.within),
        *(alert.since, alert.rep, alert.amount, alert.channel),
    )


def _check_values(values: Iterable[Any]) -> None:
    """Raise NotEncodable for values that are not numbers, texts or tuples of these."""
    types = set(map(type, values))
    if types <= _SCALARS:
        return
    if not all(each in _SCALARS or issubclass(each, tuple) for each in types):
        raise NotEncodable(f"a fact's value is one of {sorted(map(str, types))}")
    for value in values:
        if isinstance(value, tuple) and not {*map(type, value)} <= _SCALARS:
            raise NotEncodable(f"a fact's value is {value!r}")
