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

CALM_SECONDS = 2.0

# The first of a lot of history are few, too: what follows them comes within this time.
BRIEF_SECONDS = 0.5

Ends = Mapping[TopicPartition, int]

EndOf = Callable[[TopicPartition], int | None]


def nothing_more(_: TopicPartition) -> int:
    """Answer where nothing comes but what is read by hand."""
    return 0


class Quiet:
    """Tells whether a shard is behind: short of where its sources were when it was found so,
    or amid a lot of history.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self, end_of: EndOf = nothing_more) -> None:
        """Ask `end_of` where a source ends; None: nobody knows, and it may be far."""
        self._end_of = end_of
        self._goal: Ends = {}
        # Whether it has been behind by much since somebody set this to False.
        self.was_behind = False
        self._old = 0
        self._began = self._until = 0.0

    def aim(self, ends: Ends) -> None:
        """Be behind until these ends are reached."""
        self._goal = dict(ends)
        self.was_behind = True

    def folded(self, old: int, now: float) -> None:
        """Note how many events were folded that are not recent."""
        if now - self._began > CALM_SECONDS:
            self._began, self._old = now, 0
        self._old += old
        if self._old > FEW_OLD_EVENTS:
            self._until = now + CALM_SECONDS
            self.was_behind = True
        elif old:
            self._until = max(self._until, now + BRIEF_SECONDS)

    def is_over(self, position: Ends, now: float) -> bool:
        """Tell whether a shard that has read so far is up to date."""
        if any(position.get(place, 0) < end for place, end in self._goal.items()):
            return False
        self._goal, ends, missing = {}, {}, 0
        for place, reached in position.items():
            end = self._end_of(place)
            if end is None:
                return False
            ends[place] = end
            missing += max(0, end - reached)
        if missing > FEW_RECORDS:
            self.aim(ends)
            return False
        return now >= self._until


def are_few(settings: Settings, found: Behind) -> bool:
    """Tell whether so few events are unread that all shards together are up to date."""
    return sum(found.events.values()) <= FEW_RECORDS * settings.partitions
