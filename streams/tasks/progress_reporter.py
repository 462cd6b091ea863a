"""When a task commits without news, and when it reports its progress."""

# A task with nothing to write commits this often, to learn whether it has been fenced.
HEARTBEAT_SECONDS = 5.0


class ProgressReporter:
    """What a task reported last, and when it last reported and committed.

    A progress is any value that changes when there is something to report. Times are seconds of
    the monotonic clock.
    """

    def __init__(self) -> None:
        self.committed_at = 0.0
        self._reported_at = 0.0
        self._reported: object = None

    def is_heartbeat_due(self, now: float) -> bool:
        """Whether the last commit is so long ago that the task has to show that it is alive."""
        return now - self.committed_at > HEARTBEAT_SECONDS

    def is_possible(self, now: float, interval_s: float) -> bool:
        """Whether a report of any progress can be due: news is, or anything with the heartbeat."""
        return now - self._reported_at > interval_s or self.is_heartbeat_due(now)

    def is_due(self, progress: object, now: float, interval_s: float) -> bool:
        """Whether to report: news at most once per interval, anything with the heartbeat."""
        is_news = progress != self._reported
        return self.is_possible(now, interval_s) and (is_news or self.is_heartbeat_due(now))

    def committed(self, now: float) -> None:
        """Note a commit."""
        self.committed_at = now

    def reported(self, progress: object, now: float) -> None:
        """Note a report."""
        self._reported, self._reported_at = progress, now
