"""What readers know of a shard's alerts, and when it is time to tell them more.

A shard that is still reading what happened long ago knows of many alerts that the next records
will take back. So it is silent until it has caught up, and the others with it, for what they read
may move events here; what stands then comes out at once.
"""

from itertools import islice

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics.progress import behind
from streams.tasks.alert_topic import OFF_PACE, AlertTopic
from streams.tasks.catch_up import (
    CatchUpDetector,
    EndOf,
    Ends,
    all_caught_up,
    no_end_offset,
)
from streams.tasks.ports import AggregatorPort

# More would outlast the transaction's time; the rest goes out with the next ones.
ALERTS_AT_ONCE = 10_000

# While other shards are behind one looks how they do so often; one whose owner is gone has a new
# one, and that has restored it, within this time. Nobody waits longer for the alerts of the rest.
OTHERS_POLL_SECONDS, OTHERS_TIMEOUT_SECONDS = 1.0, 60.0


class AlertPublisher:
    """The alerts of a shard's rows: what of them goes out, and when."""

    def __init__(self, settings: Settings, number: int, end_of: EndOf = no_end_offset) -> None:
        """Know nothing of what has been written."""
        self.catch_up = CatchUpDetector(end_of)
        self._settings, self._number = settings, number
        # When this shard was through, and when it last looked whether the others are.
        self._through_at: float | None = None
        self._looked_at = -OTHERS_POLL_SECONDS
        self._topic = AlertTopic(settings, number, lambda key: not key.startswith(OFF_PACE))
        self.partition = self._topic.partition
        # What an earlier owner left standing; None once the difference is on its way.
        self._published: dict[str, bytes] | None = {}
        self._waiting: dict[str, bytes | None] = {}

    async def restore(self) -> None:
        """Learn what readers know, once the shard is taken."""
        self._published = await self._topic.read()

    async def may_publish(self, source_offsets: Ends, now: float) -> bool:
        """Tell whether a shard that has read so far may say more, or is behind.

        After it was behind by much it waits for other shards, too, for a while at most.
        """
        if not self.catch_up.is_caught_up(source_offsets, now):
            self._through_at = None
            return False
        if not self.catch_up.was_behind:
            return True
        if self._through_at is None:
            self._through_at = now
        if now - self._through_at < OTHERS_TIMEOUT_SECONDS:
            if now - self._looked_at < OTHERS_POLL_SECONDS:
                return False
            self._looked_at = now
            found = await behind(self._settings)
            if self._number in found.reroutes or not all_caught_up(self._settings, found):
                return False
        self.catch_up.was_behind = False
        return True

    def pending_records(self, core: AggregatorPort, clock: int) -> list[KeyValue]:
        """Give the records to write, at most so many at a time."""
        changed = core.changed_alerts(clock)
        if self._published is not None:
            known, self._published = self._published, None
            news = {key: body for key, body in changed.items() if known.get(key) != body}
            changed = dict.fromkeys(key for key in known if changed.get(key) is None) | news
        self._waiting |= changed
        if not self._waiting:
            return []
        told = dict(islice(self._waiting.items(), ALERTS_AT_ONCE))
        for key in told:
            del self._waiting[key]
        return self._topic.records(told, clock)
