"""Which lines of the Kafka client a worker logs."""

import logging

from streams.agents.log_filters import REPEAT_SECONDS, RepeatFilter, is_relevant


def record(text: str, at_s: float) -> logging.LogRecord:
    """A log record of a given time."""
    made = logging.LogRecord("aiokafka", logging.WARNING, "", 0, text, (), None)
    made.created = at_s
    return made


def test_same_text_is_logged_again_after_a_while_only() -> None:
    repeat_filter = RepeatFilter()
    times = (0.0, 1.0, REPEAT_SECONDS - 0.1, REPEAT_SECONDS + 0.1)
    assert [repeat_filter.filter(record("away", at)) for at in times] == [True, False, False, True]
    assert repeat_filter.filter(record("another", 1.0))


def test_refusals_while_a_transaction_ends_are_not_logged() -> None:
    assert not is_relevant(record("NotEnoughReplicasError", 0.0))
    assert is_relevant(record("Heartbeat failed", 0.0))
