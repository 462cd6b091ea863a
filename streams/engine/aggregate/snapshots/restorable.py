"""An aggregator that a snapshot restores without reading its event sets again."""

from collections.abc import Iterator

from streams.engine.aggregate.aggregator import FIRST_PARTITION, Aggregator
from streams.engine.aggregate.entry import Entry, entry_of
from streams.engine.aggregate.future_events import FUTURE_PREFIX
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.snapshots.parts import (
    BYTES_PER_PART,
    AlertsPart,
    CellsPart,
    DependenciesPart,
    EventsPart,
    GroupsPart,
    Part,
    ReroutesPart,
    WaitingPart,
    alerts_parts,
    cells_of,
    cells_parts,
    dependencies_parts,
    encode,
    events_parts,
    groups_parts,
    reroutes_parts,
    spans_of,
    waiting_of,
    waiting_parts,
)
from streams.engine.aggregate.tombstones import TOMBSTONE_PREFIX
from streams.engine.calendars.calendar import milliseconds
from streams.events import Event, ReferenceRecord, SpendRecorded, unpack


class RestorableAggregator(Aggregator):
    """An aggregator with snapshots: all that it holds, as of an instant between two changes.

    To restore one: `begin_snapshot`, `restore_part` each of its parts, `restore_reference` the
    reference records it knew, and `follow`. Then `apply_state` and `add_reference` what came
    after it, in any order, `restore_reroute` all reroutes in force, and `rebuild`. Without a
    snapshot: `restore`, `restore_reference`, `restore_reroute`, `rebuild`.
    """

    _follows_since: int | None = None
    _events_of_snapshot = 0
    # The rerouted events of a snapshot, until they are found to be in force.
    _withdrawn: dict[bytes, Reroute]
    # By key in the state, events that came after the snapshot and are later than the clock, with
    # their owners.
    _ahead: dict[bytes, tuple[str, Entry]]

    @property
    def stored_events(self) -> int:
        """The number of events in the state changelog, waiting ones included."""
        return self._event_sets.own_events + self.future_events

    @property
    def snapshot_clock(self) -> int | None:
        """The instant of a snapshot taken now; None if there can be none.

        Cells are behind the event sets while changes wait or have become due.
        """
        clock, due = self._pending.clock, self.next_due
        is_behind = self._pending.is_waiting or (due is not None and due <= clock)
        if self._is_rebuilt is not True or is_behind or self._released:
            return None
        return clock

    def snapshot_parts(self) -> Iterator[bytes]:
        """Encode a snapshot, part by part; nothing may change until the last one.

        Raises NotEncodable or OverflowError for values that parts cannot hold.
        """
        alerts, groups, sets = self._pending.alerts, self._pending.groups, self._event_sets
        yield from map(encode, events_parts(sets.content(BYTES_PER_PART)))
        yield from map(encode, events_parts(self._future.records()))
        yield from map(encode, dependencies_parts(self._reference.dependencies()))
        yield from map(encode, cells_parts(self._cells.stored()))
        yield from map(encode, waiting_parts(self._cells.waiting()))
        yield from map(encode, alerts_parts(alerts.spans()))
        if groups is not None:
            yield from map(encode, groups_parts(groups.sets_by_rep()))
        if sets.has_received:
            yield from map(encode, reroutes_parts(sets.names(), sets.received))

    def begin_snapshot(self, clock: int, events: int) -> None:
        """Set the clock back to the instant of a snapshot that is to be restored.

        `events` is `stored_events` of that instant.
        """
        self._pending.clock = clock
        self._events_of_snapshot = events
        self._withdrawn, self._ahead = {}, {}

    def restore_part(self, part: Part) -> None:
        """Restore what a part holds. Raises WrongErasureKey as `restore`."""
        if isinstance(part, EventsPart):
            self._restore_events(part)
        elif isinstance(part, DependenciesPart):
            for kind, of, names in part.dependencies:
                self._reference.restore_dependencies(kind, of, names)
        elif isinstance(part, CellsPart):
            self._cells.restore(cells_of(part))
        elif isinstance(part, AlertsPart):
            for name, spans in spans_of(part):
                self._pending.alerts.restore(name, spans)
        elif isinstance(part, GroupsPart):
            self._restore_groups(part)
        elif isinstance(part, ReroutesPart):
            self._restore_received(part)
        elif isinstance(part, WaitingPart):
            self._cells.restore_waiting(waiting_of(part))

    def _restore_events(self, part: EventsPart) -> None:
        for name, packed in part.sets:
            self._event_sets.restore_packed(name, packed)
        for key, value in part.records:
            self.restore(key, value)

    def _restore_groups(self, part: GroupsPart) -> None:
        if self._pending.groups is not None:
            self._pending.groups.restore(part.sets_by_rep)

    def _restore_received(self, part: ReroutesPart) -> None:
        for key, value in part.reroutes:
            reroute = Reroute.read(key, value)
            self._withdrawn[key] = reroute
            super().restore_reroute(reroute)

    def restore_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record that the cells know, or that `rebuild` will read."""
        at = milliseconds(record.at)
        if at > self._pending.clock:
            self._future_reference.add(at, record)
        elif isinstance(record, SpendRecorded):
            if self._number == FIRST_PARTITION:
                self._event_sets.add_reference(f"spend:{record.id}", entry_of(record))
        else:
            self._reference.apply(record)

    def follow(self, clock: int) -> None:
        """From now on apply what came after the snapshot; the clock will be at this instant."""
        self._follows_since = clock
        self._event_sets.own_events = self._events_of_snapshot - self.future_events
        # The records of spend are in the cells.
        self._pending.restart(())

    def restore_reroute(self, reroute: Reroute) -> None:
        """Apply a reroute in force: after a snapshot, what is new in it is a change."""
        if self._follows_since is None:
            super().restore_reroute(reroute)
        elif not reroute.is_notice:
            self._withdrawn.pop(reroute.key, None)
            self._event_sets.receive(reroute)

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Apply a record; an event later than the clock, which was set back, has to wait."""
        clock = self._follows_since
        if self._is_rebuilt is None and clock is not None:
            self._ahead.pop(key, None)
            if found := self._waits_again(key, value, clock):
                super().apply_state(key, None)
                self._ahead[key] = found
                return
        super().apply_state(key, value)

    def _waits_again(self, key: bytes, value: bytes | None, clock: int) -> tuple[str, Entry] | None:
        """The owner and the entry of a record if it is of an event later than the clock."""
        if value is None or key[:1] in (FUTURE_PREFIX, TOMBSTONE_PREFIX):
            return None
        entry = entry_of(unpack(value))
        if entry.at <= clock or not isinstance(entry.event, Event):
            return None
        return self._event_sets.owner_of(entry.event), entry

    def rebuild(self, clock: int) -> bool:
        """Add up the cells: all of them, or what changed since the snapshot."""
        if self._is_rebuilt is None and self._follows_since is not None:
            self._is_rebuilt = False
            for reroute in self._withdrawn.values():
                self._event_sets.receive(reroute._replace(value=None))
            # Only now: the records have said last what had waited and then happened.
            for key, (owner, entry) in self._ahead.items():
                self._released += [(key, None), *self._future.add(owner, entry)]
            # Who restores compares the reroutes in force with those that were sent.
            self.pending_reroutes()
            self.advance_clock(clock)
        return super().rebuild(clock)
