"""Children of the benchmark: started, watched, ended."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

READY_SECONDS = 60.0
STOP_SECONDS = 15.0


class BenchFailed(Exception):
    """Something did not get as far as it had to; the message says what."""


@contextmanager
def worker(log: Path, environment: Mapping[str, str], processes: int = 1) -> Iterator[float]:
    """Run a worker of this product; gives the monotonic time at which its first was ready."""
    command = [sys.executable, "-m", "streams.cli", "worker", "--processes", str(processes)]
    with running(command, log, environment) as child:
        deadline = time.monotonic() + READY_SECONDS
        while "ready" not in log.read_text():
            if child.poll() is not None or time.monotonic() > deadline:
                raise BenchFailed(f"the worker did not get ready:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield time.monotonic()


@contextmanager
def running(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command beside the block; its output goes to a file."""
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - commands of this project's own
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
