"""What the shell asks of the pure core: the engine's shard and board, or a stand-in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.engine.merge.record_builder import Publication
from streams.events import Event, ReferenceRecord
from streams.events.key_value import KeyValue

Vector = dict[str, int]
# One cell's vectors by KPI.
Vectors = dict[str, Vector]


class AggregatorPort(Protocol):
    """Stage 1: one partition's rows and the cells they add up to."""

    @property
    def next_due(self) -> int | None:
        """The instant in milliseconds at which time alone will next change a cell."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one element as it was written, in that order; `folding` follows the last."""

    def restore_reroute(self, reroute: Reroute) -> None:
        """Take back what stands of what others said to this shard; after the last element."""

    def rebuild(self, clock: int) -> Iterator[None]:
        """Add up every cell from the rows as of an instant, a little each time it is asked.

        Nothing else may be called until the iterator is used up.
        """

    def add(self, event: Event) -> Sequence[KeyValue]:
        """Apply an event; give the elements to keep, None for one to forget, in their order."""

    def check(self, what: Event | Reroute) -> None:
        """Raise what taking it and settling would raise; nothing of it stays."""

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Take an element as `restore` does, once folded; cells follow at the next `settling`."""

    def receive(self, reroute: Reroute) -> None:
        """Take what another row says of one of its events; cells and moves follow."""

    def pending_reroutes(self) -> list[Reroute]:
        """Give what has to be said to rows elsewhere since the last call."""

    def current_reroutes(self) -> list[Reroute]:
        """Give all that rows elsewhere have to know of, said or not."""

    def apply_pending(self, clock: int) -> Iterator[None]:
        """Bring the cells up to an instant and to all that was taken, a little at a time.

        Nothing else may be called until the iterator is used up; then `changed` follows.
        """

    def changed_cells(self, with_values: bool = True) -> dict[str, Vectors]:
        """Give the cells that `settling` has changed since they were given, {} for one gone.

        Without members' cells, those wait for a later call.
        """

    @property
    def has_unpublished(self) -> bool:
        """Whether cells changed that `changed` has not given yet."""

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:
        """Give the alerts that changed since the last call, all that stand the first time.

        By key; a body is JSON without its closing brace, None is for one that holds no more.
        Events count after the `settling` or `folding` that follows them.
        """

    def cells(self) -> Mapping[str, Vectors]:
        """Give every cell that is not empty."""

    def add_reference(self, record: ReferenceRecord) -> None:
        """Take a reference record; what it changes comes with the next `settling`."""


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

    @property
    def pending_long_windows(self) -> int:
        """How many of them are long windows of dimension values."""

    @property
    def pending_expensive(self) -> int:
        """How many of them wait for a round with expensive KPIs."""

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
        self, max_long_windows: int | None = None, with_expensive: bool = True
    ) -> PublicationRoundPort:
        """Choose what to publish; each key comes once in a round.

        Of the long windows of dimension values those that wait longest are chosen until there
        are so many scopes of them (None: all), each with its expensive KPIs; all other expensive
        KPIs only `with_expensive`. What a round has not given when the next begins, or when the
        merger changes, is chosen again by the next one.
        """


class CorePort(Protocol):
    """Makes shards and boards, and says where a cell belongs."""

    def aggregator(self, clock: int, number: int) -> AggregatorPort:
        """Make an empty shard."""

    def merger(self, clock: int, number: int) -> MergerPort:
        """Make the empty board of one partition."""

    def catalogue_records(self) -> Mapping[str, bytes]:
        """Give what consumers may know of the KPIs and of the settings in force, by key."""

    def dimension_group(self, cell: str) -> int:
        """Number the family of a cell; cells that are read together share one."""
