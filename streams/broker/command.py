"""The command that runs an embedded Kafka in the foreground."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka
from streams.broker.storage import BrokerError


def run(data: Path | None, port: int | None) -> None:
    """Run a broker until SIGINT or SIGTERM. Raises BrokerError if it ends by itself.

    `bootstrap HOST:PORT` is the one line on standard output, once the broker answers. To be
    called from the main thread, which alone may handle signals. Raises what
    `EmbeddedKafka.start` does.
    """
    broker = EmbeddedKafka(data, port)
    with suppress(KeyboardInterrupt), interrupted_by_both():
        try:
            broker.start()
            print(f"bootstrap {broker.bootstrap}", flush=True)  # noqa: T201  # the promised line
            broker.wait()
            raise BrokerError(f"Kafka has ended by itself; its log: {broker.data / 'kafka.log'}")
        finally:
            broker.stop()


@contextmanager
def interrupted_by_both() -> Iterator[None]:
    """Let SIGTERM interrupt the block like SIGINT, both even where the shell ignores them."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
