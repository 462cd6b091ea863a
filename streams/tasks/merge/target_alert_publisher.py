"""Alerts about a board's targets: what of them goes out, and when.

A board cannot see that shards still read what happened long ago. So before it says that too
little has come in, it makes sure that they do not, and then that it still holds.
"""

from streams.config.settings import Settings
from streams.engine.merge.target_alerts import cell_of
from streams.events.key_value import KeyValue
from streams.internal_topics.progress import behind
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.aggregate.alert_publisher import OFF_PACE
from streams.tasks.aggregate.catch_up import all_caught_up
from streams.tasks.alert_topic import AlertTopic
from streams.tasks.ports import CorePort, MergerPort

CHECK_SECONDS = 5.0


class TargetAlertPublisher:
    """What readers know of a board's targets."""

    def __init__(self, settings: Settings, core: CorePort, number: int) -> None:
        """Know nothing of what has been written."""

        def is_own(key: str) -> bool:
            is_about_targets = key.startswith(OFF_PACE)
            return (
                is_about_targets and core.dimension_group(cell_of(key)) % MERGE_PARTITIONS == number
            )

        self._settings = settings
        self._topic = AlertTopic(settings, number % settings.partitions, is_own)
        self.partition = self._topic.partition
        self._published: dict[str, bytes] = {}
        # Seen when no shard was behind, and not told yet.
        self._seen: frozenset[str] = frozenset()
        self._looked_at = 0.0

    async def restore(self) -> None:
        """Learn what readers know, once the board is taken."""
        self._published = await self._topic.read()

    async def pending_records(self, merger: MergerPort, now: float) -> list[KeyValue]:
        """Give the records to write, now and then; all that was read must be on the board."""
        if now - self._looked_at < CHECK_SECONDS:
            return []
        self._looked_at = now
        clock = self._settings.clock()
        current = merger.alerts(clock)
        told, seen = self._published, self._seen
        fresh = frozenset(current.keys() - told.keys())
        self._seen = fresh - seen if fresh - seen and await self._is_up_to_date() else frozenset()
        changed: dict[str, bytes | None] = dict.fromkeys(told.keys() - current.keys())
        changed |= {
            key: body
            for key, body in current.items()
            if (key in told and told[key] != body) or key in fresh & seen
        }
        for key, body in changed.items():
            if body is None:
                del told[key]
            else:
                told[key] = body
        return self._topic.records(changed, clock)

    async def _is_up_to_date(self) -> bool:
        return all_caught_up(self._settings, await behind(self._settings))
