"""An aggregator whose old event sets leave memory, and come back when anything names them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial

from msgspec import UNSET

from streams.engine.aggregate.contributions import ContributionFunctions
from streams.engine.aggregate.entry import Entry, parse_state_key
from streams.engine.aggregate.future_events import FUTURE_PREFIX
from streams.engine.aggregate.reference_index import Dependency
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.retirement.copies import SetCopies
from streams.engine.aggregate.retirement.retirable import Retirable
from streams.engine.aggregate.snapshots.parts import BYTES_PER_PART, CopiesPart, Part, encode
from streams.engine.aggregate.snapshots.restorable import RestorableAggregator
from streams.engine.aggregate.tombstones import ACCOUNT_PREFIX, TOMBSTONE_PREFIX, Pseudonyms
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import EvaluationContext
from streams.events import AccountSet, Event, RateSet, ReferenceRecord, RepSet
from streams.events.key_value import KeyValue

# Gives its changelog records, if it has any.
Operation = Callable[[], list[KeyValue] | None]


class RetiringAggregator(RestorableAggregator):
    """An aggregator with a bounded memory of what is over.

    What concerns a set out of memory waits until `bring_back` has its copy. So after any of the
    methods that apply something, `wanted_copies` has to be asked before a commit: its records
    come with `released_records`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: int,
        number: int = 0,
        erasure_key: bytes = b"",
        shared: tuple[EvaluationContext, ContributionFunctions, Pseudonyms] | None = None,
    ) -> None:
        super().__init__(catalogue, clock, number, erasure_key, shared)
        self._copies = SetCopies(self._pseudonyms.digest)
        self._wanted: set[int] = set()
        self._deferred: list[Operation] = []
        # Records of the state that came after a snapshot: the last one of each key counts.
        self._deferred_state: dict[bytes, bytes | None] = {}

    @property
    def retired_sets(self) -> int:
        """The number of event sets out of memory."""
        return len(self._copies)

    @property
    def next_due(self) -> int | None:
        """As of any aggregator; now while something waits for a copy."""
        return self._pending.clock if self._wanted else super().next_due

    @property
    def snapshot_clock(self) -> int | None:
        """As of any restorable aggregator; None while something waits for a copy."""
        return None if self._wanted else super().snapshot_clock

    def retirable(self, horizon: int) -> Iterator[Retirable | None]:
        """Examine one event set after the other: those that end before an instant are given.

        None is for any other. Sets may change meanwhile.
        """
        for name in list(self._event_sets.names()):
            yield self._examined(name, horizon)

    def spare_copy(self, found: Retirable) -> int | None:
        """The offset of a copy that the state has of a set as it is; None if it has none."""
        return self._copies.spare(found.name, found.packed)

    def retire(self, placed: Collection[tuple[Retirable, int]]) -> None:
        """Let event sets leave memory that have not changed since, with their copies' offsets."""
        names = {found.name for found, _ in placed}
        dependencies: dict[str, list[tuple[Dependency, str]]] = {name: [] for name in names}
        for kind, key, sets in self._reference.retire(names):
            for name in sets:
                dependencies[name].append((kind, key))
        if self._pending.groups is not None:
            for rep, sets in self._pending.groups.retire(names):
                for name in sets:
                    dependencies[name].append((Dependency.GROUPS, rep))
        self._pending.retire(names)
        for found, offset in placed:
            self._event_sets.remove(found.name)
            self._copies.retire(found.name, offset, found.day, dependencies[found.name])

    def wanted_copies(self) -> Collection[int]:
        """The offsets of the copies that are to be given to `bring_back`."""
        return self._wanted

    def bring_back(self, copies: Iterable[tuple[str, bytes]]) -> None:
        """Take back all wanted event sets, and apply what has waited for them.

        Copies are by name. More may be wanted afterwards.
        """
        for name, packed in copies:
            self._copies.bring_back(name, packed)
            self._event_sets.restore_packed(name, packed)
            self._reference.bring_back(name, self._event_sets.entries(name))
            # Evaluated again, since groups and alerts are noted then.
            self._pending.before_change(self._event_sets, name)
        self._wanted = set()
        records, self._deferred_state = self._deferred_state, {}
        for key, value in records.items():
            self._released += self._apply_late(key, value)
        operations, self._deferred = self._deferred, []
        for operation in operations:
            self._released += operation() or ()

    def add(self, event: Event) -> list[KeyValue]:
        """Store an event, as any aggregator does; [] while it waits for its set."""
        owner = self._event_sets.owner_of(event) if self._copies.has_any else ""
        if owner and self._is_retired(owner):
            return self._defer(partial(self.add, event))
        return self._with_removal(owner, super().add(event))

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Apply a rerouted event, as any aggregator does; [] while it waits for its set."""
        if self._is_retired(reroute.target):
            return self._defer(partial(self.receive, reroute))
        return self._with_removal(reroute.target, super().receive(reroute))

    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record; it waits for all sets that it may change."""
        is_due = milliseconds(record.at) <= self._pending.clock
        if is_due and (found := self._retired_dependents(record)):
            self._defer(partial(self.add_reference, record), found)
        else:
            super().add_reference(record)

    def restore_copy(self, key: bytes, value: bytes | None, offset: int) -> None:
        """Apply a copy in the state, or its removal; in the order of writing, at any time."""
        self._copies.restore_record(key, value, offset)

    def restore_part(self, part: Part) -> None:
        """Restore what a part of a snapshot holds."""
        if isinstance(part, CopiesPart):
            self._copies.restore(part)
        else:
            super().restore_part(part)

    def snapshot_parts(self) -> Iterator[bytes]:
        """Encode a snapshot, part by part, as any restorable aggregator does."""
        yield from super().snapshot_parts()
        yield from map(encode, self._copies.parts())

    def restore_reroute(self, reroute: Reroute) -> None:
        """Apply a reroute in force; it waits for its set."""
        if self._is_retired(reroute.target):
            self._defer(partial(self.restore_reroute, reroute))
        else:
            super().restore_reroute(reroute)

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Apply a changelog record; it waits for its set."""
        offset = self._retired_of_record(key) if len(self._copies) else None
        if offset is not None:
            self._wanted.add(offset)
            self._deferred_state[key] = value
        else:
            super().apply_state(key, value)

    def _is_retired(self, owner: str) -> bool:
        """Whether an owner's set is out of memory, which is wanted then."""
        if not len(self._copies) or owner in self._event_sets:
            return False
        offset = self._copies.offset_of(owner)
        if offset is None:
            return False
        self._wanted.add(offset)
        return True

    def _retired_of_record(self, key: bytes) -> int | None:
        if key[:1] == TOMBSTONE_PREFIX:
            return self._copies.offset_of_digest(key[len(TOMBSTONE_PREFIX) :])
        if key[:1] == FUTURE_PREFIX:
            return None
        owner = parse_state_key(key)[0]
        return None if owner in self._event_sets else self._copies.offset_of(owner)

    def _retired_dependents(self, record: ReferenceRecord) -> Collection[int]:
        """The offsets of the sets out of memory that a reference record may change."""
        dependents = self._copies.dependents
        if isinstance(record, RateSet):
            return dependents(Dependency.CURRENCY, record.currency, record.date.toordinal())
        if isinstance(record, AccountSet):
            own = self._copies.offset_of(ACCOUNT_PREFIX + record.account)
            deals = dependents(Dependency.ACCOUNT_OF_DEALS, record.account)
            found = deals if record.custom is not UNSET else set()
            return found if own is None else {*found, own}
        if isinstance(record, RepSet):
            moved = set() if record.timezone is UNSET else dependents(Dependency.REP, record.rep)
            return moved | dependents(Dependency.GROUPS, record.rep)
        return ()

    def _defer(self, operation: Operation, offsets: Iterable[int] = ()) -> list[KeyValue]:
        self._wanted.update(offsets)
        self._deferred.append(operation)
        return []

    def _apply_late(self, key: bytes, value: bytes | None) -> list[KeyValue]:
        """Apply a changelog record once the cells are as of the clock."""
        waits = self._waits_again(key, value, self._pending.clock)
        super().apply_state(key, None if waits else value)
        return [(key, None), *self._future.add(*waits)] if waits else []

    def _release_event(self, key: bytes, entry: Entry) -> list[KeyValue]:
        if isinstance(entry.event, Event) and self._is_retired(
            self._event_sets.owner_of(entry.event)
        ):
            return self._defer(partial(self._release_event, key, entry))
        return super()._release_event(key, entry)

    def _with_removal(self, owner: str, records: list[KeyValue]) -> list[KeyValue]:
        """Remove an owner's copy where it was merged or erased: nothing of it is to be left."""
        if self._copies.has_any and any(key[:1] == TOMBSTONE_PREFIX for key, _ in records):
            key = self._copies.remove(owner)
            return records if key is None else [(key, None), *records]
        return records

    def _examined(self, name: str, horizon: int) -> Retirable | None:
        event_set = self._event_sets.whole(name)
        if event_set is None or max(entry.at for entry in event_set.values()) >= horizon:
            return None
        last = self._pending.last_instants(self._event_sets, name)
        if last is None or not self._copies.can_retire(name):
            return None
        instant, day = last
        # A rate of today would bring it back at once.
        is_over = instant < horizon and day < self._catalogue.calendar.day(horizon)
        packed = self._event_sets.bytes_of(name)
        return Retirable(name, packed, day) if is_over and len(packed) <= BYTES_PER_PART else None
