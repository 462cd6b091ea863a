"""One shard's state as its topic holds it, put back into the pure core."""

from collections.abc import Iterator, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.tombstones import WrongErasureKey
from streams.events import SOURCE_TOPICS
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.tasks.aggregate.quarantine import Quarantine, attribute_to_shard
from streams.tasks.ports import AggregatorPort

EVENT_PREFIX, TARGET_OFFSETS_KEY, SOURCE_OFFSETS_KEY = b"r", b"g", b"p"


class StateRestore:
    """What has been read of a shard's state: `take` each record in its order, then `folding`.

    Reference data has to be heard by the core before that: rows are read once, and right.
    """

    def __init__(self, settings: Settings, cells: AggregatorPort, number: int) -> None:
        """Begin with an empty shard of the core's."""
        self.source_offsets = SourceOffsets()
        self.target_offsets: dict[str, int] = {}
        self.quarantine = Quarantine()
        self._aggregator = cells
        self._number = number
        self._partition = TopicPartition(topics.state(settings), number)
        self._sources = (*SOURCE_TOPICS, topics.reroutes(settings))
        self._is_rebuilt = False

    def apply(self, record: ConsumerRecord) -> bool:
        """Take one record; True for a position, which is the last of a transaction's.

        Once folded, rows are followed: what they change comes with the next `settle`.
        """
        key, value = record.key, record.value
        if key and key[:1] == EVENT_PREFIX:
            self._apply_event(key[1:], value)
        elif not key or not self.quarantine.restore(key, value):
            if key not in (TARGET_OFFSETS_KEY, SOURCE_OFFSETS_KEY) or value is None:
                partition = f"{self._partition.topic}/{self._partition.partition}"
                raise Fatal(f"{partition} holds a record that is none of ours")
            if key == SOURCE_OFFSETS_KEY:
                self.source_offsets = SourceOffsets.decode(value)
                self.source_offsets.advance_to(dict.fromkeys(self._sources, 0))
                return True
            self.target_offsets = SourceOffsets.decode(value).source
        return False

    def rebuild(self, heard: Mapping[bytes, Reroute], clock: int) -> Iterator[None]:
        """Add up all cells, with what other shards have moved here; as the core's `folding`."""
        self.source_offsets.advance_to(dict.fromkeys(self._sources, 0))
        with attribute_to_shard(self._number):
            for key, reroute in heard.items():
                if not self.quarantine.is_quarantined(key, reroute):
                    self._aggregator.restore_reroute(reroute)
            yield from self._aggregator.rebuild(clock)
        self._is_rebuilt = True

    def _apply_event(self, key: bytes, value: bytes | None) -> None:
        try:
            if self._is_rebuilt:
                self._aggregator.apply_state(key, value)
            else:
                self._aggregator.restore(key, value)
        except WrongErasureKey as error:
            raise Fatal(
                f"{self._partition.topic} was written with another SALES_KPIS_ERASURE_KEY: with"
                " this one nobody merged or erased would be recognised; set the earlier one"
            ) from error
