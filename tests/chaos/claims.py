"""What stage 2 says it has published, against what was committed to be read."""

import asyncio
import contextlib
import time
from collections import deque

from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.internal_topics.partials import PARTITIONS
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends

LOOK_SECONDS = 1.0


class Claims:
    """Finds claims about partials that are not committed.

    A reader of committed records never gets past the last stable offset, which only rises: what
    it is after a claim was seen can never be below the claim. A dead worker's transaction holds
    it back until another has taken the shard, some seconds at least.
    """

    def __init__(self, settings: Settings) -> None:
        """Know of none."""
        self._settings = settings
        self._waiting: deque[tuple[float, int, int]] = deque()
        self._stable: dict[int, int] = {}
        self._looked_at = 0.0

    def add(self, partition: int, offset: int) -> None:
        """Note that all partials of a partition below an offset are said to be published."""
        self._waiting.append((time.monotonic(), partition, offset))

    async def follow(self) -> None:
        """Look up what is committed, until cancelled."""
        while True:
            with contextlib.suppress(KafkaError, Fatal):
                began = time.monotonic()
                found = await ends(self._settings, PARTITIONS, committed=True)
                self._stable = {partition.partition: offset for partition, offset in found.items()}
                self._looked_at = began
            await asyncio.sleep(LOOK_SECONDS)

    def early(self) -> list[str]:
        """Give the claims that were found to be early, once each."""
        found = []
        while self._waiting and self._waiting[0][0] < self._looked_at:
            _, partition, offset = self._waiting.popleft()
            stable = self._stable.get(partition, offset)
            if stable < offset:
                found.append(
                    f"merge/{partition}: published up to {offset}, but committed only to {stable}"
                )
        return found
