"""How long a worker has been without a completed assignment, and what it waits for."""

import time

from streams.kafka.errors import Stuck

# A rebalance ends after 20 s at the latest, even if a member does not answer; closing and fencing
# tasks wait for transactions, which time out after 12 s. One that takes longer will not end.
REBALANCE_LIMIT_SECONDS = 60.0


class RebalanceWatch:
    """The time from a worker's need to join the group to its next completed assignment.

    Attributes:
        completed_at: When the last assignment was completed, in monotonic seconds; 0 before.
    """

    def __init__(self) -> None:
        self.completed_at = 0.0
        self._started_at: float | None = None
        self._waits_for = ""

    @property
    def seconds(self) -> float:
        """Seconds since the rebalance began; 0 if there is none."""
        return 0.0 if self._started_at is None else time.monotonic() - self._started_at

    def begin(self, waits_for: str) -> None:
        """Note that an assignment is needed; without effect if one is awaited already."""
        if self._started_at is None:
            self._started_at = time.monotonic()
            self._waits_for = waits_for

    def wait_for(self, what: str) -> None:
        """Note what is waited for next."""
        self._waits_for = what

    def complete(self) -> None:
        """Note that the assignment is completed."""
        self.completed_at = time.monotonic()
        self._started_at = None

    def raise_if_stuck(self, limit_s: float) -> None:
        """Raise Stuck, naming what is waited for, if the rebalance takes longer than the limit."""
        if self.seconds > limit_s:
            raise Stuck(
                f"no rebalance was completed for {self.seconds:.0f} s: it waits for"
                f" {self._waits_for}"
            )
