"""One partition of `sales.kpis`: what readers have of it, and the records that they lack."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.merge.record_builder import NO_AS_OF_FIELDS, Publication
from streams.kafka import topics
from streams.kafka.reader import OffsetClient, read_to
from streams.kafka.record_batches import Record
from streams.tasks.merge.output_comparison import OutputComparison
from streams.tasks.merge.published_index import (
    REVISION_FIELD,
    REVISION_HEADER,
    PublishedIndex,
)
from streams.tasks.ports import PublicationRoundPort

# Records are built in batches of so many, between two looks at the time.
RECORDS_PER_BATCH = 25


class OutputWriter:
    """Turns publications into records, without those that readers have already.

    Attributes:
        comparison: What is not yet compared of what `restore` has read.
    """

    def __init__(self, settings: Settings, partition: int, comparison: OutputComparison) -> None:
        self.comparison = comparison
        self.partition = TopicPartition(topics.KPIS, partition)
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._index = PublishedIndex()

    async def restore(self, offsets: OffsetClient) -> None:
        """Read what readers have; only after fencing, when nobody else can add to it."""
        stops = await offsets.ends([self.partition])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                key = (record.key or b"").decode()
                self._index.restore(key, record.value, record.headers)
        self.comparison.begin(self._index.keys())

    def records(
        self, publications: PublicationRoundPort, until: float
    ) -> tuple[list[Record], bool]:
        """Records of the next publications, and whether more may follow.

        Goes on until an instant of the monotonic clock, and for one batch at least. The records
        have to be written: from now on readers are taken to have them.
        """
        found: list[Record] = []
        updated_at = self._instant()
        publish, limit = self._index.publish, RECORDS_PER_BATCH
        while True:
            batch = publications.next_batch(limit)
            if self.comparison:
                self.comparison.compared(key for key, _, _ in batch)
            for key, body, as_of_fields in batch:
                revision = publish(key, body, as_of_fields.slot)
                if not revision:
                    continue
                if body is None:
                    found.append((key.encode(), None, [(REVISION_HEADER, b"%d" % revision)]))
                else:
                    end = f'{revision},{as_of_fields.text},"updated_at":"{updated_at}"}}'
                    found.append((key.encode(), body + REVISION_FIELD + end.encode()))
            if len(batch) < limit:
                return found, False
            if time.monotonic() >= until:
                return found, True

    def _instant(self) -> str:
        moment = datetime.fromtimestamp(self._settings.clock() / 1000, UTC)
        return moment.astimezone(self._zone).isoformat(timespec="milliseconds")


class Removals:
    """A round of tombstones for published keys that no round of a merger gives."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._given = 0

    def next_batch(self, limit: int | None = None) -> Sequence[Publication]:
        """As `PublicationRoundPort` has it."""
        end = len(self._keys) if limit is None else self._given + limit
        gone, self._given = self._keys[self._given : end], end
        return [(key, None, NO_AS_OF_FIELDS) for key in gone]
