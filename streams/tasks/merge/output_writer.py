"""One partition of `sales.kpis`: what readers have of it, and the records that they lack."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.reader import ends, read_to
from streams.kafka.transactional_producer import Tombstone
from streams.tasks.merge.published_index import (
    REVISION_FIELD,
    REVISION_HEADER,
    PublishedIndex,
)
from streams.tasks.ports import Publication

RECORDS_PER_CHECK = 25


class OutputWriter:
    """Turns publications into records, those that readers have already left out."""

    def __init__(self, settings: Settings, number: int) -> None:
        """Know of no record yet."""
        self.partition = TopicPartition(topics.KPIS, number)
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._index = PublishedIndex()

    async def restore(self) -> None:
        """Learn what readers have, once the board is taken."""
        stops = await ends(self._settings, [self.partition])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                key = (record.key or b"").decode()
                self._index.restore(key, record.value, record.headers)

    def published_keys(self) -> list[str]:
        """List the keys that readers find a value under."""
        return self._index.keys()

    def records(
        self, publications: Iterator[Publication], seconds: float
    ) -> tuple[list[KeyValue | Tombstone], bool]:
        """Give the records of the next publications, and whether there may be more.

        Goes on for so many seconds, and so many publications at least. What it gives has to be
        written: readers are taken to have it.
        """
        found: list[KeyValue | Tombstone] = []
        updated_at = self._instant()
        publish, until = self._index.publish, time.monotonic() + seconds
        for number, (key, body, tail) in enumerate(publications, 1):
            revision = publish(key, body, tail.slot)
            if revision and body is None:
                found.append((key.encode(), None, [(REVISION_HEADER, b"%d" % revision)]))
            elif revision and body is not None:
                end = f'{revision},{tail.text},"updated_at":"{updated_at}"}}'
                found.append((key.encode(), body + REVISION_FIELD + end.encode()))
            if number % RECORDS_PER_CHECK == 0 and time.monotonic() >= until:
                return found, True
        return found, False

    def _instant(self) -> str:
        moment = datetime.fromtimestamp(self._settings.clock() / 1000, UTC)
        return moment.astimezone(self._zone).isoformat(timespec="milliseconds")
