"""Partials that a merge task has read and not merged yet."""

import asyncio
import time
from collections import deque

from streams.internal_topics import partials
from streams.kafka.reader import Records
from streams.tasks.cooperative import Between
from streams.tasks.ports import MergerPort

# Partials that are merged between two looks at the time.
PARTIALS_PER_STEP = 10


class UnmergedPartials:
    """The newest of each partial: one that changes again before it is merged is merged once.

    Attributes:
        source_offset: The offset after the last partial read.
        merged_at: When merging last paused, in seconds of the monotonic clock.
    """

    def __init__(self) -> None:
        self.source_offset = 0
        self.merged_at = 0.0
        self._newest: dict[bytes, bytes | None] = {}
        self._merging: deque[tuple[bytes, bytes | None]] = deque()

    def __len__(self) -> int:
        """Number of partials to merge."""
        return len(self._newest) + len(self._merging)

    def add(self, records: Records) -> None:
        """Add what was read, ascending and not empty; records before the offset are skipped."""
        newest = self._newest
        for record in records:
            if record.offset >= self.source_offset:
                newest[record.key] = record.value
        # Offsets have holes here: transactions end with a record of their own.
        self.source_offset = max(self.source_offset, records[-1].offset + 1)

    async def merge_all(self, merger: MergerPort, slice_s: float, between: Between) -> float:
        """Merge everything, slice by slice; returns the seconds of work.

        `between` is awaited after each slice.
        """
        busy_s, began = 0.0, time.monotonic()
        while self.merge_step(merger):
            if time.monotonic() - began >= slice_s:
                self.merged_at = time.monotonic()
                busy_s += self.merged_at - began
                await asyncio.sleep(0)
                await between()
                began = time.monotonic()
        return busy_s + time.monotonic() - began

    def merge_step(self, merger: MergerPort) -> bool:
        """Merge some partials, or apply some merged ones to their windows; whether more waits."""
        merging = self._merging
        if not merging:
            merging.extend(self._newest.items())
            self._newest.clear()
        if not merging:
            return merger.apply_partials()
        for _ in range(min(PARTIALS_PER_STEP, len(merging))):
            key, value = merging.popleft()
            partition, cell = partials.locate(key)
            merger.set_partial(partition, cell, partials.decode(value))
        return True
