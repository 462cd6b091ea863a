"""The alert publisher of one partition, which waits until sources are caught up.

A partition that still reads old events has many alerts that the next records will withdraw. So
it publishes none until it has caught up, and the other partitions as well, for they may reroute
events to it; the alerts in force then are published at once.
"""

from itertools import islice

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics.progress import behind
from streams.kafka.reader import OffsetClient
from streams.tasks.aggregate.quarantine import attribute_to_shard
from streams.tasks.alert_topic import OFF_PACE, AlertTopic
from streams.tasks.catch_up import (
    CatchUpDetector,
    EndOf,
    Ends,
    all_caught_up,
    external_offsets,
    no_end_offset,
)
from streams.tasks.ports import AggregatorPort

# More would outlast the transaction timeout; the rest follows with the next commits.
ALERTS_AT_ONCE = 10_000

# How often the progress of other partitions is read, and how long they are waited for: one that
# has lost its worker is restored by another within this time.
OTHERS_POLL_SECONDS, OTHERS_TIMEOUT_SECONDS = 1.0, 60.0


class AlertPublisher:
    """Which of a partition's alerts are published, and when."""

    def __init__(self, settings: Settings, number: int, end_of: EndOf = no_end_offset) -> None:
        """`end_of` gives the end offset of a source partition, None if it is unknown."""
        self.catch_up = CatchUpDetector(end_of)
        self._settings, self._number = settings, number
        # When this partition had caught up, and when it last read whether the others have.
        self._caught_up_at: float | None = None
        self._polled_at = -OTHERS_POLL_SECONDS
        self._topic = AlertTopic(settings, number, lambda key: not key.startswith(OFF_PACE))
        self.partition = self._topic.partition
        # The alerts that an earlier owner published; None once the difference is planned.
        self._published: dict[str, bytes] | None = {}
        self._waiting: dict[str, bytes | None] = {}

    async def restore(self, offsets: OffsetClient) -> None:
        """Read what earlier owners published, once they are fenced."""
        self._published = await self._topic.read(offsets)

    async def collect(
        self, aggregator: AggregatorPort, source_offsets: Ends, clock: int, now: float
    ) -> dict[TopicPartition, list[KeyValue]]:
        """The records to write, by partition, if the sources are caught up.

        Raises Crashed if a KPI fails.
        """
        if not await self.may_publish(external_offsets(self._settings, source_offsets), now):
            return {}
        with attribute_to_shard(self._number):
            records = self.pending_records(aggregator, clock)
        return {self.partition: records} if records else {}

    async def may_publish(self, source_offsets: Ends, now: float) -> bool:
        """Whether a partition with these source offsets may publish alerts.

        After it was far behind, it waits for the other partitions too, up to a timeout.
        """
        if not self.catch_up.is_caught_up(source_offsets, now):
            self._caught_up_at = None
            return False
        if not self.catch_up.was_behind:
            return True
        if self._caught_up_at is None:
            self._caught_up_at = now
        if now - self._caught_up_at < OTHERS_TIMEOUT_SECONDS:
            if now - self._polled_at < OTHERS_POLL_SECONDS:
                return False
            self._polled_at = now
            found = await behind(self._settings)
            if self._number in found.reroutes or not all_caught_up(self._settings, found):
                return False
        self.catch_up.was_behind = False
        return True

    def pending_records(self, aggregator: AggregatorPort, clock: int) -> list[KeyValue]:
        """The records to write now, at most ALERTS_AT_ONCE."""
        changed = aggregator.changed_alerts(clock)
        if self._published is not None:
            known, self._published = self._published, None
            changes = {key: body for key, body in changed.items() if known.get(key) != body}
            changed = dict.fromkeys(key for key in known if changed.get(key) is None) | changes
        self._waiting |= changed
        if not self._waiting:
            return []
        published = dict(islice(self._waiting.items(), ALERTS_AT_ONCE))
        for key in published:
            del self._waiting[key]
        return self._topic.records(published, clock)
