"""What tasks report, kept for tests to look at."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Noted:
    """`TaskMetrics` that remembers what it is told."""

    rejections: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[tuple[str, int, int]] = field(default_factory=list)
    misplaced_events: Counter[str] = field(default_factory=Counter)
    topics_of_set_aside: list[str] = field(default_factory=list)
    restores_with_snapshot: list[bool] = field(default_factory=list)
    future: dict[int, int] = field(default_factory=dict)
    retired: dict[int, int] = field(default_factory=dict)
    back: int = 0
    late_events: int = 0
    events: int = 0
    records: int = 0
    # Of each transaction of a board.
    most_records: int = 0

    def processed(self, topic: str, events: int, late: int) -> None:  # noqa: ARG002 - of TaskMetrics
        """Count."""
        self.events += events
        self.late_events += late

    def misplaced(self, topic: str, events: int) -> None:
        """Count by topic."""
        self.misplaced_events[topic] += events

    def rejected(self, topic: str, kind: str) -> None:
        """Remember."""
        self.rejections.append((topic, kind))

    def future_events(self, partition: int, events: int) -> None:
        """Remember."""
        self.future[partition] = events

    def retired_sets(self, partition: int, sets: int) -> None:
        """Remember."""
        self.retired[partition] = sets

    def brought_back(self, sets: int) -> None:
        """Count."""
        self.back += sets

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Remember."""
        self.gaps.append((topic, partition, missing))

    def set_aside(self, topic: str) -> None:
        """Remember."""
        self.topics_of_set_aside.append(topic)

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Nothing is asked about this."""

    def restored(self, stage: str, seconds: float) -> None:
        """Nothing is asked about this."""

    def restored_state(self, *, with_snapshot: bool) -> None:
        """Remember."""
        self.restores_with_snapshot.append(with_snapshot)

    def published(self, records: int) -> None:
        """Count."""
        self.records += records
        self.most_records = max(self.most_records, records)
