"""The worker's log: its own lines, and of the Kafka client's what an operator needs."""

import logging

from streams.process import logs

# Loggers of the Kafka client that repeat themselves.
CLIENT_LOGS = (
    "aiokafka",
    "aiokafka.cluster",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.producer.sender",
)
REPEAT_SECONDS = 10.0
MAX_TEXTS = 1_000


def set_up_logging(log_format: str) -> None:
    """Log to standard error: this product's lines, and warnings of the libraries.

    Levels are raised rather than records filtered, so that no debug record is even built.
    """
    logs.set_up(log_format, logging.WARNING)
    logging.getLogger("streams").setLevel(logging.INFO)
    # It warns of every long batch.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
    logging.getLogger("aiokafka.producer.sender").addFilter(is_relevant)
    repeat_filter = RepeatFilter()
    for name in CLIENT_LOGS:
        logging.getLogger(name).addFilter(repeat_filter)


def is_relevant(record: logging.LogRecord) -> bool:
    """Whether a line of the client's producer is of use to an operator.

    A broker's refusals while it still ends the last transaction are harmless and retried at once,
    and occur in one of every few transactions. Tracebacks are logged by the caller, which ends
    the worker.
    """
    return "NotEnoughReplicas" not in record.getMessage() and not record.exc_info


class RepeatFilter(logging.Filter):
    """Drops lines with a text that was logged within the last REPEAT_SECONDS.

    While Kafka is away, each client of a worker would log up to two hundred lines per second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log a record."""
        text = record.getMessage()
        if record.created - self._logged_at.get(text, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        if len(self._logged_at) >= MAX_TEXTS:
            self._logged_at.clear()
        self._logged_at[text] = record.created
        return True
