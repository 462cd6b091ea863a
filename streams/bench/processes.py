"""The processes that the benchmark measures, and what they use of the machine."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from streams.process.child import PRODUCT, Child, inherited

# Longer than a worker of half a million leads needs on a slow machine.
READY_SECONDS = 600.0
READY_POLL_SECONDS = 0.02
# A worker that uses less of a processor has done what it had put off: one without any events uses
# up to a twelfth. After a restart it compares with what is published, a minute for a long history.
REST_POLL_SECONDS, REST_SHARE, REST_SECONDS = 0.5, 0.25, 900.0


class BenchFailed(Exception):
    """A process did not get as far as it had to; the message says which."""


@dataclass(frozen=True)
class Running:
    """A process of the product that has got ready.

    Attributes:
        began: When it was started, by the monotonic clock.
        ready: When it logged that it was ready.
        ready_cpu_s: The processor time that it had used by then.
    """

    child: Child
    began: float
    ready: float
    ready_cpu_s: float

    def cpu_s(self) -> float:
        """Return the processor time of all its processes, in seconds."""
        return cpu_s(self.child.pid)

    def memory(self) -> int:
        """Return the resident memory of its largest process, in bytes."""
        sizes: list[int] = [process.memory_info().rss for process in family(self.child.pid)]
        return max(sizes)

    def rest(self, polls: int = 1) -> None:
        """Wait until it has nothing to do. Raises BenchFailed after REST_SECONDS of work.

        `polls`: intervals of REST_POLL_SECONDS, one after another, in which it does little.
        """
        deadline = time.monotonic() + REST_SECONDS
        before, quiet = self.cpu_s(), 0
        while time.monotonic() < deadline:
            time.sleep(REST_POLL_SECONDS)
            now = self.cpu_s()
            quiet = quiet + 1 if now - before < REST_SHARE * REST_POLL_SECONDS else 0
            if quiet == polls:
                return
            before = now
        raise BenchFailed(f"the worker was not at rest after {REST_SECONDS:.0f} s")


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started. Raises BenchFailed if it has ended."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        raise BenchFailed(f"process {pid} has ended, whose use was to be measured") from None


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and of all that it has started, in seconds."""
    used = [each.cpu_times() for each in family(pid)]
    return float(sum(times.user + times.system for times in used))


@contextmanager
def worker(log: Path, environment: Mapping[str, str], processes: int = 1) -> Iterator[Running]:
    """Run a worker of this product; yield it once its first process is ready."""
    with process(("worker", "--processes", str(processes)), log, environment, "ready") as it:
        yield it


@contextmanager
def process(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], ready: str
) -> Iterator[Running]:
    """Run a process of this product; yield it once it has logged a text."""
    began = time.monotonic()
    with running([*PRODUCT, *arguments], log, environment) as child:
        while ready not in log.read_text():
            if not child.is_running or time.monotonic() > began + READY_SECONDS:
                raise BenchFailed(f"{arguments[0]} did not get ready:\n{child.last_lines()}")
            time.sleep(READY_POLL_SECONDS)
        yield Running(child, began, time.monotonic(), cpu_s(child.pid))


@contextmanager
def plain_faust(bootstrap: str, group: str, data: Path, log: Path) -> Iterator[Child]:
    """Run a worker of plain Faust that keeps its data in a folder."""
    command = [sys.executable, "-m", "streams.bench.parts.plain", bootstrap, group, str(data)]
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
