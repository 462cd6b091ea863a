"""One shard's cells worked out again from its rows, beside whoever owns it."""

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
    """What another shard said to this one: where it stands in the topic of moves, and its key."""

    offset: int
    key: bytes
    reroute: Reroute


class Recomputation:
    """Every value that each cell has had since the state was at a certain offset.

    Reads the state's records in their order; those from that offset on are taken transaction by
    transaction, as their owner took them.
    """

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        number: int,
        received: Sequence[ReceivedReroute],
        since: int,
    ) -> None:
        """Begin with an empty shard; `words` are all that was said to it, in their order."""
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
        """Take reference records; the first before any record of the state."""
        for record in records:
            self._aggregator.add_reference(record)

    def apply(self, record: ConsumerRecord) -> None:
        """Take the next record of the state."""
        if self._current is None and record.offset >= self._since:
            self._rebuild()
        is_end = self._restore.apply(record)
        if is_end and self._current is not None:
            for word in self._received_by_now():
                # Of what was set aside the owner took that the word before it counts no longer.
                is_aside = self._restore.quarantine.is_quarantined(word.key, word.reroute)
                self._aggregator.receive(
                    word.reroute._replace(value=None) if is_aside else word.reroute
                )
            self._apply_pending()

    def finish(self) -> bool:
        """Let time pass up to now; False if the owner is not allowed to publish yet."""
        if self._current is None:
            self._rebuild()
        self._apply_pending()
        return self._restore.source_offsets.reach(self._restore.target_offsets)

    def wrong(self, published: Mapping[str, Grouped | str]) -> dict[str, Grouped]:
        """Give the cells that are published as they never were, with their latest value."""
        current = self._current or {}
        found = {}
        for cell in {*published, *current, *self._later}:
            values = [current.get(cell, {}), *self._later.get(cell, ())]
            if published.get(cell, {}) not in values:
                found[cell] = values[-1]
        return found

    def __len__(self) -> int:
        """Count the cells."""
        return len({*(self._current or {}), *self._later})

    def _rebuild(self) -> None:
        heard: dict[bytes, Reroute] = {}
        for word in self._received_by_now():
            heard[word.key] = word.reroute
        current = {key: reroute for key, reroute in heard.items() if reroute.value is not None}
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
        """Give what the owner has heard at its position, as far as it was not given before."""
        first, position = (
            self._received_count,
            self._restore.source_offsets.source.get(self._reroutes_topic, 0),
        )
        while (
            self._received_count < len(self._received)
            and self._received[self._received_count].offset < position
        ):
            self._received_count += 1
        return self._received[first : self._received_count]
