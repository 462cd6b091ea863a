"""What the tables tell whoever counts and measures."""

from typing import Protocol


class TaskMetrics(Protocol):
    """Takes note of what happened; each call is cheap, for some are made per batch."""

    def processed(self, topic: str, events: int, late: int) -> None:
        """Count events put into rows, and those older than the lateness."""

    def rejected(self, topic: str, reason: str) -> None:
        """Count a record that went to the dead letters."""

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Count offsets that were not there to be read."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Measure one transaction, from its first record to its end."""

    def restored(self, stage: str, seconds: float) -> None:
        """Measure taking a shard, from the fence to the last record compared."""

    def published(self, records: int) -> None:
        """Count records written to the output."""


class NoMetrics:
    """A `Watch` of whom nothing is asked."""

    def processed(self, topic: str, events: int, late: int) -> None:
        """Take no note."""

    def rejected(self, topic: str, reason: str) -> None:
        """Take no note."""

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Take no note."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Take no note."""

    def restored(self, stage: str, seconds: float) -> None:
        """Take no note."""

    def published(self, records: int) -> None:
        """Take no note."""
