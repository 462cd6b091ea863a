"""An owner of a state changelog, its snapshot, and what a new owner makes of both."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.snapshots import parts
from streams.engine.aggregate.snapshots.restorable import RestorableAggregator
from streams.engine.catalogue.catalogue import Catalogue
from streams.events import Event, ReferenceRecord
from streams.events.key_value import KeyValue


class Snapshot(NamedTuple):
    """A snapshot, and where it is among the records of the state and the reference records."""

    clock: int
    parts: list[bytes]
    events: int
    place: int
    known: int


@dataclass
class Owner:
    """An aggregator with its state changelog, reference records and the reroutes in force.

    It receives its own reroutes.
    """

    aggregator: RestorableAggregator
    state: list[KeyValue] = field(default_factory=list)
    reference: list[ReferenceRecord] = field(default_factory=list)
    reroutes: dict[bytes, Reroute] = field(default_factory=dict)

    def process(self, records: Iterable[Any], clock: int) -> None:
        """Process records and commit."""
        aggregator = self.aggregator
        add_all(aggregator, records, clock, self)
        while True:
            while aggregator.apply_pending(clock):
                pass
            self.state += aggregator.released_records()
            reroutes = aggregator.pending_reroutes()
            if not reroutes:
                break
            for reroute in reroutes:
                self.state += aggregator.receive(reroute)
                self.reroutes[reroute.key] = reroute

    @property
    def in_force(self) -> list[Reroute]:
        """The reroutes that are not withdrawn."""
        return [reroute for reroute in self.reroutes.values() if reroute.value is not None]

    def snapshot(self) -> Snapshot | None:
        """Make a snapshot, if there can be one."""
        aggregator = self.aggregator
        clock = aggregator.snapshot_clock
        if clock is None:
            return None
        encoded = list(aggregator.snapshot_parts())
        sizes = len(self.state), len(self.reference)
        return Snapshot(clock, encoded, aggregator.stored_events, *sizes)


def owner_of_nothing(in_force: Catalogue, clock: int) -> Owner:
    """An owner whose state is empty."""
    aggregator = RestorableAggregator(in_force, clock)
    finish(aggregator, clock)
    return Owner(aggregator)


def add_all(
    aggregator: RestorableAggregator, records: Iterable[Any], clock: int, owner: Owner | None = None
) -> None:
    """Add events and reference records, as the next step of an owner."""
    aggregator.advance_clock(clock)
    for record in records:
        if isinstance(record, ReferenceRecord):
            aggregator.add_reference(record)
            if owner is not None:
                owner.reference.append(record)
        elif isinstance(record, Event):
            written = aggregator.add(record)
            if owner is not None:
                owner.state += written


def compacted(
    state: list[KeyValue], place: int, keys: Iterable[bytes]
) -> tuple[list[KeyValue], list[KeyValue]]:
    """The records before and after a place, of some keys the last one only."""
    chosen, last = set(keys), {key: number for number, (key, _) in enumerate(state)}
    kept = [n for n, (key, _) in enumerate(state) if key not in chosen or last[key] == n]
    return [state[n] for n in kept if n < place], [state[n] for n in kept if n >= place]


def read_again(owner: Owner, state: Iterable[KeyValue], catalogue: Catalogue, clock: int) -> Any:
    """A new owner that adds up everything."""
    found = RestorableAggregator(catalogue, clock)
    for key, value in state:
        found.restore(key, value)
    for record in owner.reference:
        found.restore_reference(record)
    for reroute in owner.in_force:
        found.restore_reroute(reroute)
    finish(found, clock)
    return found


def restored(
    owner: Owner,
    snapshot: Snapshot,
    after: Iterable[KeyValue],
    found: RestorableAggregator,
    clock: int,
) -> None:
    """Let a new owner restore a snapshot with what came after it."""
    restore_parts(owner, snapshot, found, clock)
    for key, value in after:
        found.apply_state(key, value)
    for reroute in owner.in_force:
        found.restore_reroute(reroute)
    finish(found, clock)


def restore_parts(
    owner: Owner, snapshot: Snapshot, found: RestorableAggregator, clock: int
) -> None:
    """Let a new owner restore a snapshot and all reference records, not what came after it."""
    found.begin_snapshot(snapshot.clock, snapshot.events)
    for part in snapshot.parts:
        found.restore_part(parts.decode(part))
    for record in owner.reference[: snapshot.known]:
        found.restore_reference(record)
    found.follow(clock)
    for record in owner.reference[snapshot.known :]:
        found.add_reference(record)


def finish(aggregator: RestorableAggregator, clock: int) -> None:
    """Rebuild to the end."""
    while aggregator.rebuild(clock):
        pass


def waiting(aggregator: RestorableAggregator) -> Counter[Any]:
    """The contributions that wait, by value."""
    found: Counter[Any] = Counter()
    for (number, at, since, value, dimensions), times in aggregator._cells.waiting():
        key = number, at, since, value, dimensions.values, dimensions.counts_in_total
        found[key] += times
    return Counter({key: times for key, times in found.items() if times})
