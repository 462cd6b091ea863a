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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for another limit."""
    help_text = f"seconds after which a test fails (default: {LIMIT_SECONDS:.0f}); 0: never"
    parser.addoption("--stuck-after", type=float, default=LIMIT_SECONDS, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Duplicate standard error, whose descriptor is pytest's own during a test."""
    assert sys.__stderr__ is not None
    config.stash[_stderr] = os.fdopen(os.dup(sys.__stderr__.fileno()), "w")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the duplicate."""
    config.stash[_stderr].close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Limit the time of one test, with its set-up and teardown."""
    limit_s, output = item.config.getoption("--stuck-after"), item.config.stash[_stderr]
    if not limit_s:
        return (yield)
    signal.signal(signal.SIGALRM, fail)
    timers = (
        threading.Timer(limit_s, interrupt, (f"{item.nodeid} does not end:", output)),
        threading.Timer(limit_s + TEARDOWN_SECONDS, end_process, (item.nodeid, output)),
    )
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        return (yield)
    finally:
        for timer in timers:
            timer.cancel()


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
