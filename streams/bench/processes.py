"""The processes that the benchmark measures."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from streams.process.child import PRODUCT, Child, inherited

READY_SECONDS = 60.0
READY_POLL_SECONDS = 0.02


class BenchFailed(Exception):
    """A process did not get as far as it had to; the message says which."""


@contextmanager
def worker(log: Path, environment: Mapping[str, str], processes: int = 1) -> Iterator[float]:
    """Run a worker of this product; yield the monotonic time at which its first was ready."""
    with process(("worker", "--processes", str(processes)), log, environment, "ready") as began:
        yield began


@contextmanager
def process(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], ready: str
) -> Iterator[float]:
    """Run a process of this product; yield the monotonic time at which it logged a text."""
    with running([*PRODUCT, *arguments], log, environment) as child:
        deadline = time.monotonic() + READY_SECONDS
        while ready not in log.read_text():
            if not child.is_running or time.monotonic() > deadline:
                raise BenchFailed(f"{arguments[0]} did not get ready:\n{child.last_lines()}")
            time.sleep(READY_POLL_SECONDS)
        yield time.monotonic()


@contextmanager
def plain_faust(bootstrap: str, data: Path, log: Path) -> Iterator[Child]:
    """Run a worker of plain Faust that keeps its data in a folder."""
    command = [sys.executable, "-m", "streams.bench.plain", bootstrap, str(data)]
    with running(command, log, {}) as child:
        yield child


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[Child]:
    """Run a command beside the block; its output goes to an empty file."""
    log.write_bytes(b"")
    child = Child(command, log, inherited(**environment))
    child.start()
    try:
        yield child
    finally:
        child.stop()
