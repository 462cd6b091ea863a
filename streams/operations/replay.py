"""Replay: the records and alerts that follow from a file of events, computed without Kafka."""

from collections.abc import Callable, Iterable, Iterator

from streams.config.rules import Rules, read
from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.merge.merger import Merger
from streams.events import (
    Event,
    ReferenceRecord,
    Rejected,
    decode,
    for_each_kind,
)
from streams.events.formats.json_text import without_mark
from streams.wiring.catalogue import catalogue, known_names

OnRejected = Callable[[int, Rejected], None]


class BadLine(Exception):
    """A line that is not an event; the message names it."""


def raise_bad_line(number: int, rejected: Rejected) -> None:
    """Raise BadLine for a rejected line."""
    where = f", field {rejected.field}" if rejected.field else ""
    raise BadLine(f"line {number}{where}: {rejected.reason}")


def replay(
    lines: Iterable[bytes],
    settings: Settings,
    on_rejected: OnRejected = raise_bad_line,
    rules: Rules | None = None,
) -> Iterator[bytes]:
    """Yield the records that `sales.kpis` would hold after these events, sorted by key.

    One JSON object per line in any order, reference records among the events. Blank lines are
    ignored; `on_rejected` is called with the number, from 1, of each line that is not an event.
    `rules` replace the file that the settings name.
    """
    now = settings.clock()
    merger = _replayed(lines, settings, on_rejected, now, rules)[1]
    stamp = merger.calendar.text(now)
    records = sorted((key, body, as_of.text) for key, body, as_of in merger.publications() if body)
    for _, body, text in records:
        yield body + b',"revision":1,%b,"updated_at":"%b"}' % (text.encode(), stamp.encode())


def replay_alerts(
    lines: Iterable[bytes],
    settings: Settings,
    on_rejected: OnRejected = raise_bad_line,
    rules: Rules | None = None,
) -> Iterator[bytes]:
    """Yield the alerts that would be current after these events, sorted by key; as `replay`."""
    now = settings.clock()
    aggregator, merger = _replayed(lines, settings, on_rejected, now, rules)
    stamp = merger.calendar.text(now)
    current = {**aggregator.changed_alerts(now), **merger.alerts(now)}
    for _, body in sorted(current.items()):
        if body is not None:
            yield body + b',"updated_at":"%b"}' % stamp.encode()


def _replayed(
    lines: Iterable[bytes],
    settings: Settings,
    on_rejected: OnRejected,
    now: int,
    rules: Rules | None,
) -> tuple[Aggregator, Merger]:
    declared = catalogue(settings, read(settings.rules) if rules is None else rules)
    aggregator = Aggregator(declared, now, erasure_key=settings.secret)
    merger = Merger(declared, now)
    known = known_names(declared)
    for number, line in enumerate(lines, 1):
        text = without_mark(line) if number == 1 else line
        if not text.strip():
            continue
        event = decode(text)
        problem = event if isinstance(event, Rejected) else known.problem(event)
        if problem is not None:
            on_rejected(number, problem)
        elif isinstance(event, Event):
            for each in for_each_kind(event):
                aggregator.add(each)
        elif isinstance(event, ReferenceRecord):
            aggregator.add_reference(event)
            merger.add_reference(event)
    # Events of merged subjects are rerouted until each has reached its merge target.
    while reroutes := aggregator.pending_reroutes():
        for reroute in reroutes:
            aggregator.receive(reroute)
    for cell, vector in aggregator.apply_all_pending(now).items():
        merger.set_partial(0, cell, vector)
    return aggregator, merger
