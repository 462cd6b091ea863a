"""The alerts of one task in the alert topic."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.merge.target_alerts import KIND
from streams.events.key_value import KeyValue
from streams.kafka.errors import Fatal
from streams.kafka.reader import OffsetClient, read_to
from streams.kafka.topics import ALERTS

UPDATED_AT_FIELD = b',"updated_at":'
# Key prefix of the alerts that merge tasks write into the same topic.
OFF_PACE = f"{KIND}|"


class AlertTopic:
    """One partition of `sales.alerts`, restricted to the keys of one task."""

    def __init__(self, settings: Settings, partition: int, is_own: Callable[[str], bool]) -> None:
        """`is_own` is whether a key belongs to the task."""
        self.partition = TopicPartition(ALERTS, partition)
        self._settings = settings
        self._is_own = is_own
        self._zone = ZoneInfo(settings.timezone)

    async def read(self, offsets: OffsetClient) -> dict[str, bytes]:
        """The alerts in force by key, with bodies as the core returns them.

        Call it only when earlier owners are fenced: then none of them can add to it.
        """
        current: dict[str, bytes] = {}
        stops = await offsets.ends([self.partition])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                if record.key is None:
                    raise Fatal(f"{ALERTS}/{self.partition.partition} holds a record without a key")
                key = record.key.decode()
                if record.value is None:
                    current.pop(key, None)
                elif self._is_own(key):
                    current[key] = record.value.rpartition(UPDATED_AT_FIELD)[0]
        return current

    def records(self, changed: Mapping[str, bytes | None], clock: int) -> list[KeyValue]:
        """The records of changed alerts; None is a tombstone."""
        moment = datetime.fromtimestamp(clock / 1000, UTC).astimezone(self._zone)
        suffix = b'%b"%b"}' % (UPDATED_AT_FIELD, moment.isoformat(timespec="milliseconds").encode())
        return [(key.encode(), body and body + suffix) for key, body in changed.items()]
