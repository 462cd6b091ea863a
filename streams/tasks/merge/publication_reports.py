"""Progress reports of a merge task: that readers of the output have all that it has read."""

import time

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics import progress
from streams.kafka.record_batches import RecordBatches
from streams.tasks.merge.output_comparison import OutputComparison
from streams.tasks.merge.unmerged_partials import UnmergedPartials
from streams.tasks.ports import MergerPort
from streams.tasks.progress_reporter import ProgressReporter
from streams.tasks.reference_data import ReferenceCursor


class PublicationReports:
    """When the merge task of a partition reports, and what.

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

    @property
    def is_published(self) -> bool:
        """Whether readers have all that was read, and nothing else."""
        return not (self._merger.pending or self._unmerged or self._comparison)

    def is_due(self, interval_s: float) -> bool:
        """Whether to report: only if nothing waits."""
        reached = self._unmerged.source_offset, self.reference.offsets
        return self.is_published and self._reporter.is_due(reached, time.monotonic(), interval_s)

    def report(self) -> KeyValue:
        """The report; before all is published, one that withdraws that of an earlier owner."""
        offset, reference = self._unmerged.source_offset, self.reference.offsets
        if self.is_published:
            self._reporter.reported((offset, reference), time.monotonic())
        else:
            offset = progress.NOTHING_PUBLISHED
        aside, clock = self._batches.described(), self._settings.clock()
        return progress.merge_report(self._partition, offset, reference, clock, aside)

    @property
    def committed_at(self) -> float:
        """When the task last committed."""
        return self._reporter.committed_at

    def committed(self) -> None:
        """Note a commit."""
        self._reporter.committed(time.monotonic())
