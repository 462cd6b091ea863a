"""The state changelog of one partition, restored into the pure core."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.entry import ForeignState
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.retirement.copies import COPY_PREFIX
from streams.engine.aggregate.snapshots.parts import Part
from streams.engine.aggregate.tombstones import WrongErasureKey
from streams.events import SOURCE_TOPICS
from streams.internal_topics.progress import SourceOffsets
from streams.internal_topics.reroutes import ReroutesRead
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.tasks.aggregate.quarantine import Quarantine, attribute_to_shard
from streams.tasks.aggregate.snapshots.records import SNAPSHOT_PREFIX
from streams.tasks.ports import AggregatorPort

# First bytes of the keys: event records, target offsets, source offsets.
EVENT_PREFIX, TARGET_OFFSETS_KEY, SOURCE_OFFSETS_KEY = b"r", b"g", b"p"


@dataclass(frozen=True)
class Received:
    """Which records of the reroutes topic a restored task has.

    Reroutes of events below one offset, and forwarded events below another. `kept` are the keys
    of such events that are still to be removed from the topic.
    """

    reroutes_offset: int = 0
    forwards_offset: int = 0
    kept: Sequence[bytes] = ()


def other_state(
    quarantine: Quarantine, target_offsets: Mapping[str, int], source_offsets: bytes
) -> list[tuple[bytes, bytes]] | None:
    """The records of a state that are about no event; None while events are checked."""
    if quarantine.crash_note is not None:
        return None
    targets = SourceOffsets(dict(target_offsets)).encode()
    offsets = [(TARGET_OFFSETS_KEY, targets), (SOURCE_OFFSETS_KEY, source_offsets)]
    return [*quarantine.records(), *offsets]


class StateRestore:
    """What the state changelog says: apply each record, then the reroutes, then rebuild.

    Reference data must be in the aggregator before that, so that event sets are read only once.
    """

    def __init__(
        self,
        settings: Settings,
        aggregator: AggregatorPort,
        number: int,
    ) -> None:
        """Start with an empty aggregator."""
        self.source_offsets = SourceOffsets()
        self.target_offsets: dict[str, int] = {}
        self.quarantine = Quarantine()
        self._aggregator = aggregator
        self._number = number
        self._partition = TopicPartition(topics.state(settings), number)
        self._reroutes_topic = topics.reroutes(settings)
        self._sources = (*SOURCE_TOPICS, self._reroutes_topic)
        self._is_rebuilt = False
        self._follows_snapshot = False

    def apply(self, record: ConsumerRecord) -> bool:
        """Apply one record; True for source offsets, the last record of a transaction.

        Records that come after the rebuild change cells with the next `apply_pending`. Those of
        snapshots are passed over.
        """
        key = record.key
        if key and key.startswith(EVENT_PREFIX + COPY_PREFIX):
            self._aggregator.restore_copy(key[len(EVENT_PREFIX) :], record.value, record.offset)
            return False
        return self.apply_value(key, record.value)

    def apply_value(self, key: bytes | None, value: bytes | None) -> bool:
        """Apply the key and the value of a record, as `apply` does."""
        if key and key[:1] == EVENT_PREFIX:
            self._apply_event(key[1:], value)
        elif key and key[:1] == SNAPSHOT_PREFIX:
            return False
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

    def restore_part(self, part: Part) -> None:
        """Restore what a part of a snapshot holds."""
        with self._checked_key():
            self._aggregator.restore_part(part)

    def follow(self, clock: int) -> None:
        """From now on records come after a snapshot that is restored."""
        self._follows_snapshot = True
        self._aggregator.follow(clock)

    def restore_reroutes(self, received: Mapping[bytes, Reroute]) -> None:
        """Apply the reroutes in force, by record key, except those in quarantine."""
        self.source_offsets.advance_to(dict.fromkeys(self._sources, 0))
        with attribute_to_shard(self._number):
            for key, reroute in received.items():
                if not self.quarantine.is_quarantined(key, reroute):
                    self._aggregator.restore_reroute(reroute)

    def resume_reroutes(self, read: ReroutesRead) -> Received:
        """Apply the reroutes in force, and let what was received but not applied be read again.

        The state does not hold rerouted events: their topic is compacted and says everything.
        It holds forwarded events and what notices erased, of those below its source offset.
        After a crash note reroutes are read again from there, to be checked one by one.
        """
        topic, note = self._reroutes_topic, self.quarantine.crash_note
        stored = self.source_offsets.source.get(topic, 0)
        known = read.committed_offset if note is None else note.since.get(topic, 0)
        self.restore_reroutes(read.received_before(known))
        of_state = [*read.forwarded_at.values(), *read.notices_at]
        waiting = [offset for offset in of_state if offset >= stored]
        self.source_offsets.source[topic] = min([known, *waiting])
        if known < read.next_offset:
            # What is checked one by one was processed before the crash, and its cells may be
            # published.
            self.target_offsets[topic] = read.next_offset
        kept = [key for key, offset in read.forwarded_at.items() if offset < stored]
        return Received(known, stored, kept)

    def rebuild(self, clock: int) -> bool:
        """Add up some of the cells; True while more waits. Raises Crashed if a KPI fails."""
        with attribute_to_shard(self._number):
            self._is_rebuilt = not self._aggregator.rebuild(clock)
        return not self._is_rebuilt

    def _apply_event(self, key: bytes, value: bytes | None) -> None:
        is_change = self._is_rebuilt or self._follows_snapshot
        with self._checked_key():
            (self._aggregator.apply_state if is_change else self._aggregator.restore)(key, value)

    @contextmanager
    def _checked_key(self) -> Iterator[None]:
        try:
            yield
        except WrongErasureKey as error:
            raise Fatal(
                f"{self._partition.topic} was written with another SALES_KPIS_ERASURE_KEY: with"
                " this one no merged or erased subject would be recognised; set the earlier one"
            ) from error
        except ForeignState as error:
            raise Fatal(
                f"{self._partition.topic} was written by an earlier version, which kept merges of"
                " accounts in another way: begin with a new SALES_KPIS_APP"
            ) from error
