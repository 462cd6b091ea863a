"""The aggregator of one partition: events in, changed cells out.

A cell is the sum of the contributions of event sets. An event is applied as the difference
between the contributions of its set before and after, so that the order of events is no matter.
"""

from collections.abc import Mapping

from streams.engine.aggregate.cells import Cells
from streams.engine.aggregate.contributions import ContributionFunctions
from streams.engine.aggregate.entry import Entry, entry_of
from streams.engine.aggregate.future_events import FUTURE_PREFIX, FutureEvents
from streams.engine.aggregate.pending_changes import PendingChanges
from streams.engine.aggregate.reference_index import ReferenceIndex
from streams.engine.aggregate.reroutes import Reroute, Rerouter
from streams.engine.aggregate.snapshots.restorable_sets import RestorableSets
from streams.engine.aggregate.tombstones import Pseudonyms
from streams.engine.algebra.measures import Grouped
from streams.engine.calendars.calendar import milliseconds
from streams.engine.calendars.schedule import Schedule
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.publish_priority import Priority
from streams.events import Event, ReferenceRecord, SpendRecorded
from streams.events.key_value import KeyValue

# The partition that counts what belongs to no subject.
FIRST_PARTITION = 0
# After everything that an event can lead to: the year 2300.
END_OF_TIME_MS = 10_413_792_000_000
# A call takes about a millisecond at most: an event set takes 20 microseconds or so.
SETS_PER_SLICE = 20
MATURED_PER_SLICE = 200
RELEASED_PER_SLICE = 50


class Aggregator:
    """Event sets and the cells that they add up to.

    The clock is passed in, in milliseconds, and never goes back; what is later than the clock
    waits, and counts in nothing. `apply_pending` and `rebuild` work in slices; any other method
    may be called in between.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: int,
        number: int = 0,
        erasure_key: bytes = b"",
        shared: tuple[EvaluationContext, ContributionFunctions, Pseudonyms] | None = None,
    ) -> None:
        """Start empty; `number` is the partition's own.

        `erasure_key` is the secret under which erased and merged subjects are remembered.
        `shared` are another aggregator's context, functions and pseudonyms, to be read only.
        """
        self._catalogue = catalogue
        self._number = number
        context, self._functions, self._pseudonyms = shared or (
            *(None, ContributionFunctions(catalogue)),
            Pseudonyms(erasure_key),
        )
        self._reference = ReferenceIndex(catalogue, self._pseudonyms, context)
        self._pending = PendingChanges(catalogue, clock, self._reference, self._functions)
        self._event_sets = RestorableSets(
            catalogue.route, Rerouter(self._pseudonyms, catalogue.merge_target), self._pending
        )
        self._cells = Cells(catalogue.calendar, self._functions)
        self._future = FutureEvents()
        self._future_reference: Schedule[ReferenceRecord] = Schedule()
        self._released: list[KeyValue] = []
        self._checks_releases = False
        self._refused: list[tuple[Event, Exception]] = []
        # None before the first call of `rebuild`.
        self._is_rebuilt: bool | None = None

    @property
    def next_due(self) -> int | None:
        """The instant in milliseconds at which time alone will next change a cell."""
        waiting = (self._cells, self._future, self._future_reference)
        return min((each.next_due for each in waiting if each.next_due is not None), default=None)

    @property
    def future_events(self) -> int:
        """The number of events that wait for their time."""
        return len(self._future)

    @property
    def has_unpublished(self) -> bool:
        """Whether cells changed that `changed_cells` has not returned yet."""
        return self._is_rebuilt is not False and self._cells.has_unpublished

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Apply a record of the state changelog, in the order of writing; before `rebuild`.

        Raises WrongErasureKey, or ForeignState, if the state is not of this key or version.
        """
        if key[:1] == FUTURE_PREFIX:
            self._future.restore(key, value)
        else:
            self._event_sets.restore(key, value)

    def restore_reroute(self, reroute: Reroute) -> None:
        """Apply a reroute in force; after the last `restore`, before `rebuild`."""
        self._event_sets.restore_reroute(reroute)

    def rebuild(self, clock: int) -> bool:
        """Add up the cells from all event sets, slice by slice; True while more waits.

        When it is complete, `changed_cells` has nothing to return. Later calls do nothing.
        """
        if self._is_rebuilt:
            return False
        if self._is_rebuilt is None:
            self._is_rebuilt = False
            self.advance_clock(clock)
            self._withdraw_future()
            self._pending.restart(self._event_sets.names())
        if self.apply_pending(clock):
            return True
        self._cells.forget_changes()
        self._is_rebuilt = True
        return False

    def advance_clock(self, clock: int) -> None:
        """Let events up to this instant count as they are added; cells follow."""
        self._pending.clock = max(self._pending.clock, clock)

    def add(self, event: Event) -> list[KeyValue]:
        """Store an event; returns the changelog records, with None for an event that is gone.

        Cells follow with `apply_pending`, events of merged subjects with `pending_reroutes`.
        """
        entry = entry_of(event)
        if entry.at > self._pending.clock:
            return self._future.add(self._event_sets.owner_of(event), entry)
        return self._event_sets.add(entry)

    def released_records(self) -> list[KeyValue]:
        """The changelog records of events whose time has come, to be written with the cells."""
        released, self._released = self._released, []
        return released

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Apply an event rerouted from another event set, which may be in another partition.

        Returns the changelog records, with None for an event that is gone.
        """
        return self._event_sets.receive(reroute)

    def pending_reroutes(self) -> list[Reroute]:
        """The reroutes not returned before, each once; to be passed to `receive` elsewhere."""
        return self._event_sets.pending_reroutes()

    def current_reroutes(self) -> list[Reroute]:
        """All reroutes in force, whether returned before or not."""
        return self._event_sets.current_reroutes()

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Apply a changelog record that another owner wrote after `rebuild`.

        Cells follow with `apply_pending`. Raises as `restore`.
        """
        if key[:1] == FUTURE_PREFIX:
            self._future.restore(key, value)
        else:
            self._event_sets.apply_state(key, value)

    def check_releases(self) -> None:
        """From now on refuse events for which a KPI raises when their time comes."""
        self._checks_releases = True

    def refused_events(self) -> list[tuple[Event, Exception]]:
        """The events refused since the last call, each with what a KPI raised."""
        refused, self._refused = self._refused, []
        return refused

    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record, in any order; cells follow with `apply_pending`."""
        at = milliseconds(record.at)
        if at > self._pending.clock:
            self._future_reference.add(at, record)
        elif isinstance(record, SpendRecorded):
            if self._number == FIRST_PARTITION:
                self._event_sets.add_reference(f"spend:{record.id}", entry_of(record))
        else:
            for name in (*self._reference.dependents(record), *self._pending.dependents(record)):
                # An account may be known before its first event, or be out of memory.
                if name in self._event_sets:
                    self._pending.before_change(self._event_sets, name)
            self._reference.apply(record)

    def apply_pending(self, clock: int) -> bool:
        """Bring the cells up to an instant and to all changes, slice by slice.

        Returns whether more waits. Between two calls each event set is in the cells as it was
        before its changes or after them.
        """
        self.advance_clock(clock)
        if self._release():
            return True
        if self._cells.mature(self._pending.clock, MATURED_PER_SLICE):
            return True
        # A rebuild reads every event set once: nothing of it is worth caching.
        return self._pending.apply_next(
            self._event_sets, self._cells, SETS_PER_SLICE, self._is_rebuilt is not False
        )

    def apply_all_pending(self, clock: int) -> dict[str, Grouped]:
        """Bring the cells up to an instant and to all changes at once; returns `changed_cells`."""
        while self.apply_pending(clock):
            pass
        return self.changed_cells()

    def changed_cells(self, priority: Priority = Priority.LATER) -> dict[str, Grouped]:
        """The cells that `apply_pending` changed since they were returned, {} for one removed.

        Values are whole and read-only. Cells of a lower priority wait for a later call.
        """
        self._finish_rebuild()
        today = self._catalogue.calendar.day(self._pending.clock)
        return self._cells.changed_cells(priority, today)

    def cells(self) -> Mapping[str, Grouped]:
        """All cells that are not empty; read-only."""
        self._finish_rebuild()
        return self._cells.non_empty()

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:
        """The alerts that changed since the last call, None for one that ended.

        Events count once `apply_pending` or `rebuild` has read them. Alerts that began and ended
        between two calls are left out.
        """
        self._finish_rebuild()
        self.advance_clock(clock)
        return self._pending.alerts.changed_alerts(self._pending.clock)

    def check(self, what: Event | Reroute) -> None:
        """Raise what applying an event or a reroute now would raise; changes nothing.

        It is tried on a copy of the event sets concerned, with everything that it schedules.
        Other events that wait for their time are left out: each is checked by itself.
        """
        clock = self._pending.clock
        shared = self._reference.context, self._functions, self._pseudonyms
        trial = Aggregator(self._catalogue, clock, self._number, shared=shared)
        trial.try_on_copy(self, what)

    def try_on_copy(self, other: "Aggregator", what: Event | Reroute) -> None:
        """Become a copy of the event sets that `what` concerns, and apply it to the end of time.

        Only an empty aggregator that shares the context of `other` can do so.
        """
        if isinstance(what, Reroute):
            self._event_sets.copy_owner(other._event_sets, what.target)
            self.receive(what)
        else:
            self._event_sets.copy_owner(other._event_sets, self._event_sets.owner_of(what))
            self.add(what)
        clock = self._pending.clock
        self.pending_reroutes()
        self.apply_all_pending(clock)
        self.changed_alerts(clock)
        self.apply_all_pending(END_OF_TIME_MS)

    def _withdraw_future(self) -> None:
        """Let restored events wait that are later than the clock: it was set to an earlier time."""
        for owner, key, entry in self._event_sets.withdraw_after(self._pending.clock):
            self._released += [(key, None), *self._future.add(owner, entry)]

    def _release(self) -> bool:
        """Apply some of the events and reference records whose time has come; True if any had."""
        clock, is_any = self._pending.clock, False
        for record in self._future_reference.due(clock):
            self.add_reference(record)
            is_any = True
        for key, entry in self._future.due(clock, RELEASED_PER_SLICE):
            self._released += self._release_event(key, entry)
            is_any = True
        return is_any

    def _release_event(self, key: bytes, entry: Entry) -> list[KeyValue]:
        """Add an event whose time has come; `key` is that under which it has waited."""
        event, removal = entry.event, (key, None)
        if self._checks_releases and isinstance(event, Event):
            try:
                self.check(event)
            except Exception as error:  # noqa: BLE001 - whatever a KPI raises would end the worker
                self._refused.append((event, error))
                return [removal]
        # Removed last: a transaction may break off, and the event is not to be lost.
        return [*self._event_sets.add(entry), removal]

    def _finish_rebuild(self) -> None:
        """Complete a rebuild that has begun: its cells are of no use before."""
        while self._is_rebuilt is False:
            self.rebuild(self._pending.clock)
