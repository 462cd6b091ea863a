"""Progress reports of merge tasks compared with what is committed."""

import asyncio
import contextlib
import time
from collections import deque

from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.internal_topics.partials import PARTITIONS
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends

POLL_SECONDS = 1.0


class EarlyReports:
    """Finds reports of published partials that are not committed.

    A reader of committed records never gets past the last stable offset, which only rises: read
    after a report, it can never be below the reported offset. A dead worker's transaction blocks it
    until another worker has fenced the partition, some seconds at least.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: deque[tuple[float, int, int]] = deque()
        self._stable: dict[int, int] = {}
        self._read_at = 0.0

    def add(self, partition: int, offset: int) -> None:
        """Add a report that all partials of a partition below an offset are published."""
        self._waiting.append((time.monotonic(), partition, offset))

    async def follow(self) -> None:
        """Read the last stable offsets, until cancelled."""
        while True:
            with contextlib.suppress(KafkaError, Fatal):
                began = time.monotonic()
                found = await ends(self._settings, PARTITIONS, committed=True)
                self._stable = {partition.partition: offset for partition, offset in found.items()}
                self._read_at = began
            await asyncio.sleep(POLL_SECONDS)

    def early(self) -> list[str]:
        """Return the reports that were found to be early, once each."""
        found = []
        while self._waiting and self._waiting[0][0] < self._read_at:
            _, partition, offset = self._waiting.popleft()
            stable = self._stable.get(partition, offset)
            if stable < offset:
                found.append(
                    f"merge/{partition}: published up to {offset}, but committed only to {stable}"
                )
        return found
