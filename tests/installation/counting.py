"""A core that counts events by topic and rep: small enough to work out every answer by hand."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.events import Event, KnownNames, RateSet, ReferenceRecord, pack, unpack
from streams.events.key_value import KeyValue
from tests.installation.counting_merger import CountingMerger
from tests.installation.without_snapshots import WithoutFingerprint, WithoutSnapshots


def cells_of(event: Event) -> list[str]:
    """The cells an event counts in."""
    rep = getattr(event, "rep", None)
    return [event.topic, *([f"rep={rep}"] if rep else [])]


def counted(count: int) -> Grouped:
    """A count as the vectors of a cell."""
    return {"all": {"n": count}}


class CountingAggregator(WithoutSnapshots):
    """Events by subject and id, cells as counts; an event counts from its `at` on."""

    def __init__(self, clock: int, weight: int, poison: str = "") -> None:
        """Count each event `weight` times; a rate replaces the weight.

        Counting an event with the id `poison` fails.
        """
        self.weight = weight
        self.poison = poison
        self.events: dict[bytes, Event] = {}
        self.clock = clock
        self.published: dict[str, Grouped] = {}
        self.current: dict[str, Grouped] = {}

    @property
    def next_due(self) -> int | None:
        """The next `at` that is still to come."""
        later = [at for event in self.events.values() if (at := instant(event)) > self.clock]
        return min(later, default=None)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Restore an event; none is ever erased."""
        assert value is not None
        event = unpack(value)
        assert isinstance(event, Event)
        self.events[key] = event

    def rebuild(self, clock: int) -> bool:
        """Count all in one step."""
        self.clock = clock
        self.current = self.published = self.count()
        return False

    @property
    def future_events(self) -> int:
        """None is set apart: `count` leaves out what is still to come."""
        return 0

    def advance_clock(self, clock: int) -> None:
        """Count by the clock of the next step."""

    def released_records(self) -> list[Any]:
        """None is set apart."""
        return []

    def check_releases(self) -> None:
        """None is set apart."""

    refused_events = released_records

    def add(self, event: Event) -> list[tuple[bytes, bytes]]:
        """Put an event in the set."""
        key = f"{event.subject}|{event.id}".encode()
        if key in self.events:
            return []
        self.events[key] = event
        return [(key, pack(event))]

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Restore an event after the rebuild."""
        self.restore(key, value)

    def check(self, what: Event | Reroute) -> None:
        """Count all with one more event."""
        assert isinstance(what, Event)
        trial = CountingAggregator(self.clock, self.weight, self.poison)
        trial.events = dict(self.events)
        trial.add(what)
        trial.count()

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Nothing is ever merged here."""
        raise AssertionError(reroute)

    def restore_reroute(self, reroute: Reroute) -> None:
        """Nothing is ever merged here."""
        raise AssertionError(reroute)

    pending_reroutes = current_reroutes = released_records

    def apply_pending(self, clock: int) -> bool:
        """Count all again in one step."""
        self.clock = clock
        self.current = self.count()
        return False

    def changed_cells(self, priority: Priority = Priority.LATER) -> dict[str, Grouped]:  # noqa: ARG002 - of AggregatorPort
        """Compare with what was published; no cell waits for a later call."""
        published, self.published = self.published, self.current
        changed = {cell: v for cell, v in self.current.items() if published.get(cell) != v}
        return changed | {cell: {} for cell in published if cell not in self.current}

    @property
    def has_unpublished(self) -> bool:
        """Compare with what was published."""
        return self.published != self.current

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:  # noqa: ARG002 - of AggregatorPort
        """Raise none."""
        return {}

    def cells(self) -> Mapping[str, Grouped]:
        """Give all counts."""
        return self.current

    def add_reference(self, record: ReferenceRecord) -> None:
        """Let an event count so many times as the rate says from now on."""
        if isinstance(record, RateSet):
            self.weight = int(record.rate)

    def count(self) -> dict[str, Grouped]:
        """Count what has happened by now; weight 0 counts nothing."""
        counts: defaultdict[str, int] = defaultdict(int)
        for event in self.events.values():
            if event.id == self.poison:
                raise ZeroDivisionError(f"{event.id} cannot be counted\nfor it is poison")
            if instant(event) <= self.clock:
                for cell in cells_of(event):
                    counts[cell] += self.weight
        return {cell: counted(n) for cell, n in counts.items() if n}


@dataclass(frozen=True)
class Counting(WithoutFingerprint):
    """Makes counting shards and mergers."""

    weight: int = 1
    sent: Mapping[str, bytes] = field(default_factory=dict)
    poison: str = ""

    def aggregator(self, clock: int, number: int) -> CountingAggregator:  # noqa: ARG002 - all shards count alike
        """Make a shard."""
        return CountingAggregator(clock, self.weight, self.poison)

    def merger(self, clock: int, number: int) -> CountingMerger:  # noqa: ARG002 - all mergers count alike
        """Make a merger."""
        return CountingMerger(clock)

    @property
    def known_names(self) -> KnownNames | None:
        """Check nothing."""
        return None

    @property
    def counted_kpis(self) -> int:
        """Count one."""
        return 1

    def catalogue_records(self) -> Mapping[str, bytes]:
        """Say what was given to be said."""
        return self.sent

    def dimension_group(self, cell: str) -> int:
        """Keep reps together, for their teams' sake; spread the rest."""
        return 0 if cell.startswith("rep=") else crc32(cell.encode())


def instant(event: Event) -> int:
    """Give an event's `at` in milliseconds."""
    return int(event.at.timestamp() * 1000)
