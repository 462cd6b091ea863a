"""Alerts about a merger's targets: what of them is published, and when.

A merge task cannot see that aggregate tasks still read old events. So before it publishes that
too little has come in, it checks that they are caught up, and then that the alert still holds.
"""

from streams.config.settings import Settings
from streams.engine.merge.target_alerts import cell_of
from streams.events.key_value import KeyValue
from streams.internal_topics.progress import behind
from streams.kafka.reader import OffsetClient
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.alert_topic import OFF_PACE, AlertTopic
from streams.tasks.catch_up import all_caught_up
from streams.tasks.ports import CorePort, MergerPort

CHECK_SECONDS = 5.0


class TargetAlertPublisher:
    """The published target alerts of one merge task, and the changes to publish."""

    def __init__(self, settings: Settings, core: CorePort, number: int) -> None:
        def is_own(key: str) -> bool:
            is_about_targets = key.startswith(OFF_PACE)
            return (
                is_about_targets and core.dimension_group(cell_of(key)) % MERGE_PARTITIONS == number
            )

        self._settings = settings
        self._topic = AlertTopic(settings, number % settings.partitions, is_own)
        self.partition = self._topic.partition
        self._published: dict[str, bytes] = {}
        # New alerts that held when all partitions were caught up, and are not published yet.
        self._confirmed: frozenset[str] = frozenset()
        self._checked_at = 0.0

    async def restore(self, offsets: OffsetClient) -> None:
        """Read what is published; only after fencing, when nobody else can add to it."""
        self._published = await self._topic.read(offsets)

    async def pending_records(self, merger: MergerPort, now: float) -> list[KeyValue]:
        """Records to write, every few seconds; everything that was read has to be merged."""
        if now - self._checked_at < CHECK_SECONDS:
            return []
        self._checked_at = now
        clock = self._settings.clock()
        current = merger.alerts(clock)
        published, confirmed = self._published, self._confirmed
        fresh = frozenset(current.keys() - published.keys())
        unconfirmed = fresh - confirmed
        is_confirmed = bool(unconfirmed) and await self._is_up_to_date()
        self._confirmed = unconfirmed if is_confirmed else frozenset()
        changed: dict[str, bytes | None] = dict.fromkeys(published.keys() - current.keys())
        changed |= {
            key: body
            for key, body in current.items()
            if (key in published and published[key] != body) or key in fresh & confirmed
        }
        for key, body in changed.items():
            if body is None:
                del published[key]
            else:
                published[key] = body
        return self._topic.records(changed, clock)

    async def _is_up_to_date(self) -> bool:
        return all_caught_up(self._settings, await behind(self._settings))
