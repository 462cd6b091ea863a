"""Progress reports of a merge task: that readers of the output have all that it has read."""

import time
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics import progress
from streams.internal_topics.progress import BUSY_PROGRESS_SECONDS, PROGRESS_SECONDS
from streams.kafka.record_batches import RecordBatches
from streams.tasks.load_control import Load
from streams.tasks.merge.output_comparison import OutputComparison
from streams.tasks.merge.unmerged_partials import UnmergedPartials
from streams.tasks.ports import MergerPort
from streams.tasks.progress_reporter import ProgressReporter
from streams.tasks.reference_data import ReferenceCursor


class Offsets(NamedTuple):
    """Where all was published: the next offset of the partials, and of the reference topics."""

    partials: int
    reference: Mapping[str, int]


class PublicationReports:
    """When the merge task of a partition reports, and what.

    What was read is published once the merger's epochs that it came in are: newer changes may
    wait for rounds all the time.

    Attributes:
        reference: How far the task has applied the reference data.
    """

    def __init__(
        self,
        settings: Settings,
        partition: int,
        merger: MergerPort,
        unmerged: UnmergedPartials,
        comparison: OutputComparison,
        batches: RecordBatches,
        reference: ReferenceCursor,
    ) -> None:
        self.reference = reference
        self._reporter = ProgressReporter()
        self._settings = settings
        self._partition = partition
        self._merger = merger
        self._unmerged = unmerged
        self._comparison = comparison
        self._batches = batches
        # What was read when an epoch began: all of it is in the epochs before.
        self._read: deque[tuple[int, Offsets]] = deque()
        self._published: Offsets | None = None

    @property
    def is_published(self) -> bool:
        """Whether readers have all that was read, and nothing else."""
        return not (self._merger.pending or self._unmerged or self._comparison)

    def round_begun(self) -> None:
        """Note what was read when a round began."""
        read = self._offsets()
        if not self._unmerged and (not self._read or self._read[-1][1] != read):
            self._read.append((self._merger.epoch, read))

    def is_due(self, load: Load) -> bool:
        """Whether to report news, under load at most once a second, or with the heartbeat."""
        now = time.monotonic()
        interval_s = PROGRESS_SECONDS if load is Load.IDLE else BUSY_PROGRESS_SECONDS
        if not self._reporter.is_possible(now, interval_s):
            return False
        published = self._advance()
        return published is not None and self._reporter.is_due(published, now, interval_s)

    def report(self) -> KeyValue:
        """The report; before anything is published, one that withdraws that of an earlier owner."""
        published = self._advance()
        offset, reference = progress.NOTHING_PUBLISHED, self._offsets().reference
        if published is not None:
            self._reporter.reported(published, time.monotonic())
            offset, reference = published
        aside, clock = self._batches.described(), self._settings.clock()
        return progress.merge_report(self._partition, offset, reference, clock, aside)

    @property
    def committed_at(self) -> float:
        """When the task last committed."""
        return self._reporter.committed_at

    def committed(self) -> None:
        """Note a commit."""
        self._reporter.committed(time.monotonic())

    def _offsets(self) -> Offsets:
        return Offsets(self._unmerged.source_offset, self.reference.offsets)

    def _advance(self) -> Offsets | None:
        """Up to where all is published now; None before all is compared."""
        if self._comparison:
            return None
        if self.is_published:
            self._read.clear()
            self._published = self._offsets()
        elif self._read:
            frontier = self._merger.frontier
            while self._read and self._read[0][0] <= frontier:
                self._published = self._read.popleft()[1]
        return self._published
