"""The catch-up detector of one partition: near its sources' ends, with recent events."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.progress import Behind
from streams.kafka import topics

# A busy partition has this many unread records at any time.
FEW_RECORDS = 500

# Single events older than this are corrections, many of them are history. No alert is about
# anything younger, unless a rule sets a shorter time.
RECENT = timedelta(hours=1)

FEW_OLD_EVENTS = 20

OLD_EVENTS_WINDOW_SECONDS = 2.0

# History begins with a few old events: more follow within this time.
OLD_EVENT_GRACE_SECONDS = 0.5

Ends = Mapping[TopicPartition, int]

EndOf = Callable[[TopicPartition], int | None]


def no_end_offset(_: TopicPartition) -> int:
    """The end of a source that is read by hand."""
    return 0


class CatchUpDetector:
    """Whether a partition is behind: short of its sources' ends, or processing old events.

    Ends are those at the time when it was found behind. Times are seconds of the monotonic clock.
    """

    def __init__(self, end_of: EndOf = no_end_offset) -> None:
        """`end_of` gives the end of a source; None if it is unknown, and may be far."""
        self._end_offset = end_of
        self._targets: Ends = {}
        # Whether it has been far behind since this was set to False.
        self.was_behind = False
        self._old = 0
        self._began = self._until = 0.0

    def set_targets(self, ends: Ends) -> None:
        """Count as behind until these ends are reached."""
        self._targets = dict(ends)
        self.was_behind = True

    def processed(self, old: int, now: float) -> None:
        """Count old events that were processed."""
        if now - self._began > OLD_EVENTS_WINDOW_SECONDS:
            self._began, self._old = now, 0
        self._old += old
        if self._old > FEW_OLD_EVENTS:
            self._until = now + OLD_EVENTS_WINDOW_SECONDS
            self.was_behind = True
        elif old:
            self._until = max(self._until, now + OLD_EVENT_GRACE_SECONDS)

    def is_caught_up(self, source_offsets: Ends, now: float) -> bool:
        """Whether a partition with these source offsets is caught up."""
        if any(source_offsets.get(partition, 0) < end for partition, end in self._targets.items()):
            return False
        self._targets, ends, missing = {}, {}, 0
        for partition, reached in source_offsets.items():
            end = self._end_offset(partition)
            if end is None:
                return False
            ends[partition] = end
            missing += max(0, end - reached)
        if missing > FEW_RECORDS:
            self.set_targets(ends)
            return False
        return now >= self._until


def external_offsets(settings: Settings, offsets: Ends) -> Ends:
    """The offsets without those of the reroutes topic, whose ends are those of transactions."""
    reroutes = topics.reroutes(settings)
    return {
        partition: offset for partition, offset in offsets.items() if partition.topic != reroutes
    }


def all_caught_up(settings: Settings, found: Behind) -> bool:
    """Whether few enough events are unread that all partitions together are caught up."""
    return found.readable_events <= FEW_RECORDS * settings.partitions
