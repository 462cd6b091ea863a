"""When a task commits a heartbeat, and when it reports."""

from streams.tasks.progress_reporter import HEARTBEAT_SECONDS, ProgressReporter


def test_news_is_reported_once_per_interval() -> None:
    reporter = reported_at_100()
    assert not reporter.is_due("read to 8", 100.5, interval_s=1.0)
    assert reporter.is_due("read to 8", 101.5, interval_s=1.0)


def test_without_news_nothing_is_reported_before_the_heartbeat() -> None:
    reporter = reported_at_100()
    assert not reporter.is_due("read to 7", 100 + HEARTBEAT_SECONDS, interval_s=1.0)
    assert reporter.is_due("read to 7", 100.5 + HEARTBEAT_SECONDS, interval_s=1.0)


def test_any_commit_defers_the_heartbeat() -> None:
    reporter = reported_at_100()
    reporter.committed(103.0)
    assert not reporter.is_heartbeat_due(103.0 + HEARTBEAT_SECONDS)
    assert reporter.is_heartbeat_due(103.5 + HEARTBEAT_SECONDS)


def reported_at_100() -> ProgressReporter:
    """A reporter of a task that committed and reported at 100 seconds."""
    reporter = ProgressReporter()
    reporter.committed(100.0)
    reporter.reported("read to 7", 100.0)
    return reporter
