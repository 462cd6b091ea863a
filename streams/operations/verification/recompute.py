"""Recomputation of one partition's cells from its state, while its owner goes on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import ConsumerRecord

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.events import ReferenceRecord
from streams.kafka import topics
from streams.tasks.aggregate.restore import StateRestore
from streams.tasks.ports import CorePort


class ReceivedReroute(NamedTuple):
    """A reroute that another partition sent to this one, with its offset and key in the topic."""

    offset: int
    key: bytes
    reroute: Reroute


class Recomputation:
    """Every value that each cell has had since the state had reached the offset `since`.

    The records of the state are applied in their order; those from that offset on are processed
    transaction by transaction, as the owner processed them. `received` are all reroutes that were
    sent to the partition, in their order.
    """

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        number: int,
        received: Sequence[ReceivedReroute],
        since: int,
    ) -> None:
        self._settings = settings
        self._aggregator = core.aggregator(settings.clock(), number)
        self._restore = StateRestore(settings, self._aggregator, number)
        self._received = received
        self._received_count = 0
        self._since = since
        self._reroutes_topic = topics.reroutes(settings)
        self._current: Mapping[str, Grouped] | None = None
        self._later: defaultdict[str, list[Grouped]] = defaultdict(list)

    def add_reference(self, records: Iterable[ReferenceRecord]) -> None:
        """Add reference records; the first ones before any record of the state."""
        for record in records:
            self._aggregator.add_reference(record)

    def apply(self, record: ConsumerRecord) -> None:
        """Apply the next record of the state."""
        if self._current is None and record.offset >= self._since:
            self._rebuild()
        is_end = self._restore.apply(record)
        if is_end and self._current is not None:
            for key, reroute in ((each.key, each.reroute) for each in self._received_by_now()):
                # The owner processes a quarantined reroute as a tombstone of the one before.
                is_quarantined = self._restore.quarantine.is_quarantined(key, reroute)
                self._aggregator.receive(
                    reroute._replace(value=None) if is_quarantined else reroute
                )
            self._apply_pending()

    def finish(self) -> bool:
        """Advance the clock to now; return False if the owner must not publish yet."""
        if self._current is None:
            self._rebuild()
        self._apply_pending()
        return self._restore.source_offsets.reach(self._restore.target_offsets)

    def wrong(self, published: Mapping[str, Grouped | str]) -> dict[str, Grouped]:
        """Return the cells whose published value they never had, with their latest value."""
        current = self._current or {}
        found = {}
        for cell in {*published, *current, *self._later}:
            values = [current.get(cell, {}), *self._later.get(cell, ())]
            if published.get(cell, {}) not in values:
                found[cell] = values[-1]
        return found

    def __len__(self) -> int:
        """Return the number of cells."""
        return len({*(self._current or {}), *self._later})

    def _rebuild(self) -> None:
        latest = {each.key: each.reroute for each in self._received_by_now()}
        current = {key: reroute for key, reroute in latest.items() if reroute.value is not None}
        self._restore.restore_reroutes(current)
        while self._restore.rebuild(self._settings.clock()):
            pass
        self._aggregator.pending_reroutes()
        self._current = dict(self._aggregator.cells())

    def _apply_pending(self) -> None:
        while self._aggregator.apply_pending(self._settings.clock()):
            pass
        for cell, vectors in self._aggregator.changed_cells().items():
            self._later[cell].append(vectors)
        self._aggregator.pending_reroutes()

    def _received_by_now(self) -> Iterable[ReceivedReroute]:
        """Return the reroutes below the owner's source offset that were not returned before."""
        first = self._received_count
        end = self._restore.source_offsets.source.get(self._reroutes_topic, 0)
        while (
            self._received_count < len(self._received)
            and self._received[self._received_count].offset < end
        ):
            self._received_count += 1
        return self._received[first : self._received_count]
