"""The interfaces of the pure core that tasks run: the engine's, or a stand-in's."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.retirement.retirable import Retirable
from streams.engine.aggregate.snapshots.parts import Part
from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.record_builder import Publication
from streams.events import Event, KnownNames, ReferenceRecord
from streams.events.key_value import KeyValue


class AggregatorPort(Protocol):
    """Stage 1: the event sets of one partition and the cells that they add up to.

    `rebuild` and `apply_pending` do a short step of work and return whether more of it waits.
    Between two steps every method may be called. Instants are in milliseconds.
    """

    @property
    def next_due(self) -> int | None:
        """The instant at which time alone will next change a cell."""

    @property
    def has_unpublished(self) -> bool:
        """Whether cells changed that `changed_cells` has not returned yet."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Apply a record of the state changelog, in the order of writing; before `rebuild`."""

    def restore_reroute(self, reroute: Reroute) -> None:
        """Apply a reroute in force; after the last `restore`, before `rebuild`."""

    def rebuild(self, clock: int) -> bool:
        """Add up some of the cells from the event sets as of an instant; whether more waits."""

    @property
    def future_events(self) -> int:
        """The number of events that wait for their time."""

    def advance_clock(self, clock: int) -> None:
        """Let events up to this instant count as they are added; cells follow."""

    def released_records(self) -> Sequence[KeyValue]:
        """The changelog records of events whose time came, and of those that waited for a copy."""

    def check_releases(self) -> None:
        """From now on refuse events for which a KPI raises when their time comes."""

    def refused_events(self) -> Sequence[tuple[Event, Exception]]:
        """The events refused since the last call, each with what a KPI raised."""

    def add(self, event: Event) -> Sequence[KeyValue]:
        """Store an event; returns the changelog records, with None for an event that is gone."""

    def check(self, what: Event | Reroute) -> None:
        """Raise what applying an event or a reroute would raise; changes nothing."""

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Apply a record of the state changelog after `rebuild`; cells follow."""

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Apply an event rerouted from another event set; returns records as `add` does."""

    def pending_reroutes(self) -> list[Reroute]:
        """The reroutes not returned before."""

    def current_reroutes(self) -> list[Reroute]:
        """All reroutes in force, whether returned before or not."""

    def apply_pending(self, clock: int) -> bool:
        """Bring some of the cells up to an instant and to all changes; whether more wait."""

    def changed_cells(self, priority: Priority = Priority.LATER) -> dict[str, Grouped]:
        """The cells that `apply_pending` changed since they were returned, {} for one removed.

        Those of a lower priority wait for a later call.
        """

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:
        """The alerts that changed since the last call; at first all that hold.

        By key; a body is JSON without its closing brace, None is for an alert that ended.
        Events count after the `apply_pending` or `rebuild` that follows them.
        """

    def cells(self) -> Mapping[str, Grouped]:
        """All cells that are not empty."""

    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record; cells follow with `apply_pending`."""

    def restore_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record that the cells know, or that `rebuild` will read."""

    @property
    def stored_events(self) -> int:
        """The number of events in the state changelog."""

    @property
    def snapshot_clock(self) -> int | None:
        """The instant of a snapshot taken now; None if there can be none."""

    def snapshot_parts(self) -> Iterator[bytes]:
        """Encode a snapshot, part by part; nothing may change until the last one.

        Raises NotEncodable or OverflowError for values that parts cannot hold.
        """

    def begin_snapshot(self, clock: int, events: int) -> None:
        """Set the clock of an empty aggregator back to a snapshot's, which had so many events."""

    def restore_part(self, part: Part) -> None:
        """Restore what a part of the snapshot holds."""

    def follow(self, clock: int) -> None:
        """Apply what came after the snapshot, from now until `rebuild` with about this instant."""

    @property
    def retired_sets(self) -> int:
        """The number of event sets out of memory."""

    def retirable(self, horizon: int) -> Iterator[Retirable | None]:
        """Examine all event sets, one after the other: those that end before an instant are given.

        None is for any other. Anything may happen in between.
        """

    def spare_copy(self, found: Retirable) -> int | None:
        """The offset of a copy that the state has of a set as it is; None if it has none."""

    def retire(self, placed: Collection[tuple[Retirable, int]]) -> None:
        """Let event sets leave memory that have not changed since, with their copies' offsets."""

    def wanted_copies(self) -> Collection[int]:
        """The offsets of the copies that something waits for."""

    def bring_back(self, copies: Iterable[tuple[str, bytes]]) -> None:
        """Take back all wanted event sets, by name, and apply what has waited for them.

        Its changelog records come with `released_records`. More may be wanted afterwards.
        """

    def restore_copy(self, key: bytes, value: bytes | None, offset: int) -> None:
        """Apply a record of the state that is the copy of an event set, or its removal."""


class PublicationRoundPort(Protocol):
    """The records of one round of publishing, in batches."""

    def next_batch(self, limit: int | None = None) -> Sequence[Publication]:
        """The next records, at most `limit` (None: all), fewer only at the round's end.

        A batch is complete: nothing that happens to the merger later changes it.
        """


class MergerPort(Protocol):
    """Stage 2: the cells of one partition of `kpi.partials`, merged into records.

    `apply_partials` and `advance_clock` do a short step of work and return whether more of it
    waits. Between two steps every method may be called.
    """

    @property
    def pending(self) -> int:
        """How many keys wait for a round, and cells for `apply_partials`."""

    def waiting(self, priority: Priority) -> int:
        """How many of them are known to wait for a round of a priority."""

    @property
    def epoch(self) -> int:
        """The number of the current epoch: each round begins one, after all that was applied."""

    @property
    def frontier(self) -> int:
        """The oldest epoch that has records which no round has given; at most the current one."""

    def set_partial(self, partition: int, cell: str, vectors: Grouped) -> None:
        """Replace one partition's partial of a cell; {} removes it. It must not change any more."""

    def apply_partials(self) -> bool:
        """Add some changed cells to their windows, so that rounds need not; whether more wait."""

    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record, in any order."""

    def advance_clock(self, clock: int) -> bool:
        """Advance windows to an instant in milliseconds by one step; whether more waits."""

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Alerts about targets that hold at an instant, by key.

        A body is JSON without its closing brace.
        """

    def begin_round(
        self, priority: Priority | None = None, max_scopes: int | None = None
    ) -> PublicationRoundPort:
        """Choose what to publish; each key comes once in a round.

        All that comes first, and of `priority` the windows that wait longest, until there are so
        many scopes of them (None: all), with everything of a higher priority in them; with no
        priority all that waits. What a round has not given when the next begins, or when the
        merger changes, is chosen again by the next one.
        """

    def reconcile(self, keys: Iterable[str]) -> Sequence[str]:
        """Let published keys come in a round, with None where there is no such record any more.

        Returns those that come in none, since there can be no such record.
        """


class CorePort(Protocol):
    """Factory of aggregators and mergers."""

    @property
    def fingerprint(self) -> str:
        """What cells depend on besides the records: code and definitions, as a digest."""

    @property
    def known_names(self) -> KnownNames | None:
        """What reference records may name; None if that is not checked."""

    @property
    def counted_kpis(self) -> int:
        """How many KPIs are counted from events; derived ones are not."""

    def aggregator(self, clock: int, number: int) -> AggregatorPort:
        """Make the empty aggregator of one partition."""

    def merger(self, clock: int, number: int) -> MergerPort:
        """Make the empty merger of one partition."""

    def catalogue_records(self) -> Mapping[str, bytes]:
        """What consumers may know of the KPIs and the settings in force, by key."""

    def dimension_group(self, cell: str) -> int:
        """The partition group of a cell: cells that are read together share one."""
