"""What readers know of a shard's alerts, and when it is time to tell them more.

A shard that is still reading what happened long ago knows of many alerts that the next records
will take back. So it is silent until it has caught up, and the others with it, for what they read
may move events here; what stands then comes out at once.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from streams.engine.off_pace import KIND
from streams.settings import Settings
from streams.tables.core import ShardCore
from streams.tables.fatal import Fatal
from streams.tables.progress import Behind, behind
from streams.tables.reading import ends, read_to
from streams.tables.topics import ALERTS
from streams.tables.transactions import Pair

MARK = b',"updated_at":'
# Of what the boards write into the same topic.
OFF_PACE = f"{KIND}|"
# More would outlast the transaction's time; the rest goes out with the next ones.
ALERTS_AT_ONCE = 10_000
# Of a busy shard so many records are on their way at any time.
FEW_RECORDS = 500
# An event now and then that is older than this is a correction, so many within the time that it
# takes to be calm again are history. No alert is about what is younger, unless a rule says so.
RECENT = timedelta(hours=1)
FEW_OLD_EVENTS = 20
CALM_SECONDS = 2.0
# The first of a lot of history are few, too: what follows them comes within this time.
BRIEF_SECONDS = 0.5
# While other shards are behind one looks how they do so often; one whose owner is gone has a new
# one, and that has restored it, within this time. Nobody waits longer for the alerts of the rest.
LOOK_SECONDS, OTHERS_SECONDS = 1.0, 60.0
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


class AlertTopic:
    """One partition of `sales.alerts`, as far as one owner writes there."""

    def __init__(self, settings: Settings, partition: int, is_own: Callable[[str], bool]) -> None:
        """Take `is_own`, which tells the owner's keys from those of others."""
        self.place = TopicPartition(ALERTS, partition)
        self._settings = settings
        self._is_own = is_own
        self._zone = ZoneInfo(settings.timezone)

    async def read(self) -> dict[str, bytes]:
        """Give what stands, by key, as cores give it.

        Call it only when the owner is taken: then no earlier one can add to it.
        """
        standing: dict[str, bytes] = {}
        stops = await ends(self._settings, [self.place])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                if record.key is None:
                    raise Fatal(f"{ALERTS}/{self.place.partition} holds a record without a key")
                key = record.key.decode()
                if record.value is None:
                    standing.pop(key, None)
                elif self._is_own(key):
                    standing[key] = record.value.rpartition(MARK)[0]
        return standing

    def records(self, changed: Mapping[str, bytes | None], clock: int) -> list[Pair]:
        """Write what changed."""
        moment = datetime.fromtimestamp(clock / 1000, UTC).astimezone(self._zone)
        tail = b'%b"%b"}' % (MARK, moment.isoformat(timespec="milliseconds").encode())
        return [(key.encode(), body and body + tail) for key, body in changed.items()]


class AlertLog:
    """The alerts of a shard's rows: what of them goes out, and when."""

    def __init__(self, settings: Settings, number: int, end_of: EndOf = nothing_more) -> None:
        """Know nothing of what has been written."""
        self.quiet = Quiet(end_of)
        self._settings, self._number = settings, number
        # When this shard was through, and when it last looked whether the others are.
        self._through_at: float | None = None
        self._looked_at = -LOOK_SECONDS
        self._topic = AlertTopic(settings, number, lambda key: not key.startswith(OFF_PACE))
        self.place = self._topic.place
        # What an earlier owner left standing; None once the difference is on its way.
        self._known: dict[str, bytes] | None = {}
        self._waiting: dict[str, bytes | None] = {}

    async def restore(self) -> None:
        """Learn what readers know, once the shard is taken."""
        self._known = await self._topic.read()

    async def is_time(self, position: Ends, now: float) -> bool:
        """Tell whether a shard that has read so far may say more, or is behind.

        After it was behind by much it waits for other shards, too, for a while at most.
        """
        if not self.quiet.is_over(position, now):
            self._through_at = None
            return False
        if not self.quiet.was_behind:
            return True
        if self._through_at is None:
            self._through_at = now
        if now - self._through_at < OTHERS_SECONDS:
            if now - self._looked_at < LOOK_SECONDS:
                return False
            self._looked_at = now
            found = await behind(self._settings)
            if self._number in found.moved or not are_few(self._settings, found):
                return False
        self.quiet.was_behind = False
        return True

    def news(self, core: ShardCore, clock: int) -> list[Pair]:
        """Give the records to write, at most so many at a time."""
        changed = core.alerts(clock)
        if self._known is not None:
            known, self._known = self._known, None
            news = {key: body for key, body in changed.items() if known.get(key) != body}
            changed = dict.fromkeys(key for key in known if changed.get(key) is None) | news
        self._waiting |= changed
        if not self._waiting:
            return []
        told = dict(islice(self._waiting.items(), ALERTS_AT_ONCE))
        for key in told:
            del self._waiting[key]
        return self._topic.records(told, clock)
