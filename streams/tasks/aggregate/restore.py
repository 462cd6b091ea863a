"""The state changelog of one partition, restored into the pure core."""

from collections.abc import Mapping

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

# First bytes of the keys: event records, target offsets, source offsets.
EVENT_PREFIX, TARGET_OFFSETS_KEY, SOURCE_OFFSETS_KEY = b"r", b"g", b"p"


class StateRestore:
    """What the state changelog says: apply each record, then the reroutes, then rebuild.

    Reference data must be in the aggregator before that, so that event sets are read only once.
    """

    def __init__(self, settings: Settings, aggregator: AggregatorPort, number: int) -> None:
        """Start with an empty aggregator."""
        self.source_offsets = SourceOffsets()
        self.target_offsets: dict[str, int] = {}
        self.quarantine = Quarantine()
        self._aggregator = aggregator
        self._number = number
        self._partition = TopicPartition(topics.state(settings), number)
        self._sources = (*SOURCE_TOPICS, topics.reroutes(settings))
        self._is_rebuilt = False

    def apply(self, record: ConsumerRecord) -> bool:
        """Apply one record; True for source offsets, the last record of a transaction.

        Records that come after the rebuild change cells with the next `apply_pending`.
        """
        key, value = record.key, record.value
        if key and key[:1] == EVENT_PREFIX:
            self._apply_event(key[1:], value)
        elif not key or not self.quarantine.restore(key, value):
            if key not in (TARGET_OFFSETS_KEY, SOURCE_OFFSETS_KEY) or value is None:
                partition = f"{self._partition.topic}/{self._partition.partition}"
                raise Fatal(f"{partition} holds a record of another program")
            if key == SOURCE_OFFSETS_KEY:
                self.source_offsets = SourceOffsets.decode(value)
                self.source_offsets.advance_to(dict.fromkeys(self._sources, 0))
                return True
            self.target_offsets = SourceOffsets.decode(value).source
        return False

    def restore_reroutes(self, received: Mapping[bytes, Reroute]) -> None:
        """Apply the reroutes in force, by record key, except those in quarantine."""
        self.source_offsets.advance_to(dict.fromkeys(self._sources, 0))
        with attribute_to_shard(self._number):
            for key, reroute in received.items():
                if not self.quarantine.is_quarantined(key, reroute):
                    self._aggregator.restore_reroute(reroute)

    def rebuild(self, clock: int) -> bool:
        """Add up some of the cells; True while more waits. Raises Crashed if a KPI fails."""
        with attribute_to_shard(self._number):
            self._is_rebuilt = not self._aggregator.rebuild(clock)
        return not self._is_rebuilt

    def _apply_event(self, key: bytes, value: bytes | None) -> None:
        try:
            if self._is_rebuilt:
                self._aggregator.apply_state(key, value)
            else:
                self._aggregator.restore(key, value)
        except WrongErasureKey as error:
            raise Fatal(
                f"{self._partition.topic} was written with another SALES_KPIS_ERASURE_KEY: with"
                " this one no merged or erased subject would be recognised; set the earlier one"
            ) from error
