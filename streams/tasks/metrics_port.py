"""The interface by which tasks report metrics."""

from typing import Protocol

from streams.events import RejectionKind


class TaskMetrics(Protocol):
    """Counters and timings of tasks; each call is cheap, for some are made per batch."""

    def processed(self, topic: str, events: int, late: int) -> None:
        """Count events added to event sets, and those older than the lateness."""

    def misplaced(self, topic: str, events: int) -> None:
        """Count events found in another partition than their subject's, and forwarded."""

    def rejected(self, topic: str, kind: RejectionKind) -> None:
        """Count a record that went to the dead letters."""

    def future_events(self, partition: int, events: int) -> None:
        """Expose how many events of a partition wait for their time."""

    def retired_sets(self, partition: int, sets: int) -> None:
        """Expose how many event sets of a partition are out of memory."""

    def brought_back(self, sets: int) -> None:
        """Count event sets that were read again, since something named them."""

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Count offsets that were missing when they were to be read."""

    def set_aside(self, topic: str) -> None:
        """Count a record that was not written, since it is larger than its topic accepts."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Measure one commit, from its planning to its end."""

    def restored(self, stage: str, seconds: float) -> None:
        """Measure the start of a task, from the fence until it may process."""

    def restored_state(self, *, with_snapshot: bool) -> None:
        """Count a state changelog that was restored, with or without a snapshot."""

    def published(self, records: int) -> None:
        """Count records written to the output."""


class NoMetrics:
    """A `TaskMetrics` that ignores everything."""

    def processed(self, topic: str, events: int, late: int) -> None:
        """Do nothing."""

    def misplaced(self, topic: str, events: int) -> None:
        """Do nothing."""

    def rejected(self, topic: str, kind: RejectionKind) -> None:
        """Do nothing."""

    def future_events(self, partition: int, events: int) -> None:
        """Do nothing."""

    def retired_sets(self, partition: int, sets: int) -> None:
        """Do nothing."""

    def brought_back(self, sets: int) -> None:
        """Do nothing."""

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Do nothing."""

    def set_aside(self, topic: str) -> None:
        """Do nothing."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Do nothing."""

    def restored(self, stage: str, seconds: float) -> None:
        """Do nothing."""

    def restored_state(self, *, with_snapshot: bool) -> None:
        """Do nothing."""

    def published(self, records: int) -> None:
        """Do nothing."""
