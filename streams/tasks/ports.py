"""What the shell asks of the pure core: the engine's shard and board, or a stand-in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.merge.record_encoder import AsOfFields
from streams.events import Event, ReferenceRecord
from streams.events.key_value import KeyValue

Vector = dict[str, int]
# One cell's vectors by KPI.
Vectors = dict[str, Vector]
Publication = tuple[str, bytes | None, AsOfFields]


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


class MergerPort(Protocol):
    """Stage 2: the cells of one partition of `kpi.partials`, merged and answered."""

    @property
    def pending(self) -> int:
        """How many keys wait for `take`."""

    @property
    def pending_long_windows(self) -> int:
        """How many scopes of wide windows wait for a `take` of those."""

    @property
    def pending_expensive(self) -> int:
        """How many of them wait for a `take` `with_slow`."""

    def set_partial(self, shard: int, cell: str, vectors: Vectors) -> None:
        """Replace one shard's share of a cell; {} removes it. It must not change any more."""

    def apply_partials(self) -> Iterator[None]:
        """Work out what was put, a little each time it is asked, so that `take` need not at once.

        Nothing else may be called until the iterator is used up.
        """

    def add_reference(self, record: ReferenceRecord) -> None:
        """Take a reference record; what it changes comes with the next `take`."""

    def advance_clock(self, clock: int) -> Iterator[None]:
        """Roll windows and set final flags as of an instant, a little each time it is asked.

        Nothing else may be called until the iterator is used up.
        """

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Give the alerts about targets that stand at an instant, by key.

        A body is JSON without its closing brace.
        """

    def publications(
        self, max_long_windows: int | None = None, with_expensive: bool = True
    ) -> Iterator[Publication]:
        """Give each waiting key with its body and what it says of the instant it is read at.

        A body is JSON without its closing brace, so that fields can be added; None is a
        tombstone, also where there was nothing. A record that readers have already goes out
        again only if its tail has another slot. Wide windows that wait longest are taken until
        there are so many scopes of them (None: all of them), with all that is slow in them; the
        others go on waiting, and so do other keys that take long to work out until a call
        `with_slow`. Nothing else of the board may be called until the iterator is used up.
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
