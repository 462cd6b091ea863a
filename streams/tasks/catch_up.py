"""Whether a partition is caught up: short of its sources' ends, or amid old events."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.progress import Behind

# Of a busy shard so many records are on their way at any time.
FEW_RECORDS = 500

# An event now and then that is older than this is a correction, so many within the time that it
# takes to be calm again are history. No alert is about what is younger, unless a rule says so.
RECENT = timedelta(hours=1)

FEW_OLD_EVENTS = 20

OLD_EVENTS_WINDOW_SECONDS = 2.0

# The first of a lot of history are few, too: what follows them comes within this time.
OLD_EVENT_GRACE_SECONDS = 0.5

Ends = Mapping[TopicPartition, int]

EndOf = Callable[[TopicPartition], int | None]


def no_end_offset(_: TopicPartition) -> int:
    """Answer where nothing comes but what is read by hand."""
    return 0


class CatchUpDetector:
    """Tells whether a shard is behind: short of where its sources were when it was found so,
    or amid a lot of history.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self, end_of: EndOf = no_end_offset) -> None:
        """Ask `end_of` where a source ends; None: nobody knows, and it may be far."""
        self._end_offset = end_of
        self._targets: Ends = {}
        # Whether it has been behind by much since somebody set this to False.
        self.was_behind = False
        self._old = 0
        self._began = self._until = 0.0

    def set_targets(self, ends: Ends) -> None:
        """Be behind until these ends are reached."""
        self._targets = dict(ends)
        self.was_behind = True

    def processed(self, old: int, now: float) -> None:
        """Note how many events were folded that are not recent."""
        if now - self._began > OLD_EVENTS_WINDOW_SECONDS:
            self._began, self._old = now, 0
        self._old += old
        if self._old > FEW_OLD_EVENTS:
            self._until = now + OLD_EVENTS_WINDOW_SECONDS
            self.was_behind = True
        elif old:
            self._until = max(self._until, now + OLD_EVENT_GRACE_SECONDS)

    def is_caught_up(self, source_offsets: Ends, now: float) -> bool:
        """Tell whether a shard that has read so far is up to date."""
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


def all_caught_up(settings: Settings, found: Behind) -> bool:
    """Tell whether so few events are unread that all shards together are up to date."""
    return sum(found.events.values()) <= FEW_RECORDS * settings.partitions
