"""One partition of `sales.kpis`: what readers have of it, and the records that they lack."""

import time
from collections import deque
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.merge.record_builder import NO_AS_OF_FIELDS, Publication
from streams.kafka import topics
from streams.kafka.reader import ends, read_to
from streams.kafka.record_batches import Record
from streams.tasks.merge.published_index import (
    REVISION_FIELD,
    REVISION_HEADER,
    PublishedIndex,
)
from streams.tasks.ports import PublicationRoundPort

# Records are built in batches of so many, between two looks at the time.
RECORDS_PER_BATCH = 25


class OutputWriter:
    """Turns publications into records, without those that readers have already."""

    def __init__(self, settings: Settings, partition: int) -> None:
        self.partition = TopicPartition(topics.KPIS, partition)
        self._settings = settings
        self._zone = ZoneInfo(settings.timezone)
        self._index = PublishedIndex()

    async def restore(self) -> None:
        """Read what readers have; only after fencing, when nobody else can add to it."""
        stops = await ends(self._settings, [self.partition])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                key = (record.key or b"").decode()
                self._index.restore(key, record.value, record.headers)

    def published_keys(self) -> list[str]:
        """Keys that readers find a value under."""
        return self._index.keys()

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


class ReconcilingRound:
    """A round, and then tombstones for all published keys that are not in it."""

    def __init__(self, round_: PublicationRoundPort, published_keys: Collection[str]) -> None:
        self._round = round_
        self._missing = dict.fromkeys(published_keys)
        self._tombstones: deque[str] | None = None

    def next_batch(self, limit: int | None = None) -> Sequence[Publication]:
        """As `PublicationRoundPort` has it."""
        batch = list(self._round.next_batch(limit))
        for key, _, _ in batch:
            self._missing.pop(key, None)
        room = len(self._missing) if limit is None else limit - len(batch)
        if room:
            if self._tombstones is None:
                self._tombstones = deque(self._missing)
            gone = [self._tombstones.popleft() for _ in range(min(room, len(self._tombstones)))]
            batch += [(key, None, NO_AS_OF_FIELDS) for key in gone]
        return batch
