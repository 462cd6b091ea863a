"""A pytest plugin that fails a test which does not end, and prints where it waits.

A waiting asyncio task has no thread, so that the stacks of threads do not show it.
"""

import asyncio
import faulthandler
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, TextIO

import pytest

from streams.process.task_stacks import stacks

# Several times what the longest test takes on a busy machine. Tests with more examples than
# usual take longer: see the Makefile.
LIMIT_SECONDS = 420.0
# From then to the end of its teardown; a test that cannot be interrupted ends with its process.
TEARDOWN_SECONDS = 60.0
EXIT_STATUS = 70
_stderr = pytest.StashKey[TextIO]()
_watchdog = pytest.StashKey["Watchdog | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for another limit."""
    help_text = f"seconds after which a test fails (default: {LIMIT_SECONDS:.0f}); 0: never"
    parser.addoption("--stuck-after", type=float, default=LIMIT_SECONDS, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Duplicate standard error, whose descriptor is pytest's own during a test; watch."""
    assert sys.__stderr__ is not None
    config.stash[_stderr] = output = os.fdopen(os.dup(sys.__stderr__.fileno()), "w")
    limit_s = config.getoption("--stuck-after")
    config.stash[_watchdog] = watchdog = Watchdog(limit_s, output) if limit_s else None
    if watchdog is not None:
        watchdog.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the duplicate."""
    config.stash[_stderr].close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Limit the time of one test, with its set-up and teardown."""
    watchdog = item.config.stash[_watchdog]
    if watchdog is None:
        return (yield)
    signal.signal(signal.SIGALRM, fail)
    watchdog.watch(item.nodeid)
    try:
        return (yield)
    finally:
        watchdog.watch(None)


class Watchdog(threading.Thread):
    """Interrupts a test that does not end; one thread, for most tests take a millisecond."""

    def __init__(self, limit_s: float, output: TextIO) -> None:
        super().__init__(daemon=True)
        self._limit_s, self._output = limit_s, output
        self._lock = threading.Lock()
        # When something is to be done about the test that runs, in monotonic seconds, and what.
        self._due_at, self._step = 0.0, self._interrupt
        self._test: str | None = None

    def watch(self, test: str | None) -> None:
        """Begin to watch a test; None: the one before has ended."""
        with self._lock:
            self._test = test
            self._due_at, self._step = time.monotonic() + self._limit_s, self._interrupt

    def run(self) -> None:
        """Sleep until something may be due: never longer than a test may take."""
        while True:
            with self._lock:
                left_s, step, test = self._due_at - time.monotonic(), self._step, self._test
            if left_s > 0:
                time.sleep(left_s)
            elif test is None:
                time.sleep(self._limit_s)
            else:
                step(test)

    def _interrupt(self, test: str) -> None:
        interrupt(f"{test} does not end:", self._output)
        with self._lock:
            if self._test == test:
                self._due_at, self._step = time.monotonic() + TEARDOWN_SECONDS, self._end

    def _end(self, test: str) -> None:
        end_process(test, self._output)


def interrupt(what: str, output: TextIO) -> None:
    """Print where everything waits, and fail the test."""
    print_stacks(what, output)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)


def fail(number: int, frame: FrameType | None) -> None:
    """Fail the test; runs in the main thread."""
    del number, frame
    pytest.fail("does not end; standard error shows where everything waits")


def end_process(test: str, output: TextIO) -> None:
    """End this process, and its children with it: the test cannot be interrupted."""
    print_stacks(f"{test} cannot be ended:", output)
    os._exit(EXIT_STATUS)


def print_stacks(what: str, output: TextIO) -> None:
    """Print the stacks of all asyncio tasks and threads."""
    print(f"\n{what}", file=output)
    for stack in stacks(found for found in gc.get_objects() if isinstance(found, asyncio.Task)):
        print("\n  ".join(stack), file=output)
    output.flush()
    faulthandler.dump_traceback(output)
