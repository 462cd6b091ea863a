"""A test that does not end says where it waits, and fails; nobody waits for it for hours.

A task that waits has no thread, so the stacks of threads do not show it. Loaded as a plugin
of pytest.
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
# Then it is taken down. Whoever waits for what swallows that too is ended with its process.
END_SECONDS = 60.0
STATUS = 70
_stderr = pytest.StashKey[TextIO]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run have other limits."""
    help_text = f"seconds after which a test is given up (default: {LIMIT_SECONDS:.0f}); 0: never"
    parser.addoption("--stuck-after", type=float, default=LIMIT_SECONDS, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Keep where to write: during a test the descriptor of standard errors is pytest's."""
    assert sys.__stderr__ is not None
    config.stash[_stderr] = os.fdopen(os.dup(sys.__stderr__.fileno()), "w")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of it."""
    config.stash[_stderr].close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Watch over one test, with what is made for it and taken down after it."""
    limit_s, output = item.config.getoption("--stuck-after"), item.config.stash[_stderr]
    if not limit_s:
        return (yield)
    signal.signal(signal.SIGALRM, fail)
    watches = (
        threading.Timer(limit_s, interrupt, (f"{item.nodeid} does not end:", output)),
        threading.Timer(limit_s + END_SECONDS, give_up, (item.nodeid, output)),
    )
    for watch in watches:
        watch.daemon = True
        watch.start()
    try:
        return (yield)
    finally:
        for watch in watches:
            watch.cancel()


def interrupt(what: str, output: TextIO) -> None:
    """Say where everything waits, and let the test fail there."""
    tell(what, output)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)


def fail(number: int, frame: FrameType | None) -> None:
    """Fail in the main thread."""
    del number, frame
    pytest.fail("does not end: where everything waits stands in the standard errors")


def give_up(test: str, output: TextIO) -> None:
    """End this process, and its children with it: it cannot be taken down."""
    tell(f"{test} cannot be ended:", output)
    os._exit(STATUS)


def tell(what: str, output: TextIO) -> None:
    """Write the stacks of all tasks and threads."""
    print(f"\n{what}", file=output)
    for stack in stacks(found for found in gc.get_objects() if isinstance(found, asyncio.Task)):
        print("\n  ".join(stack), file=output)
    output.flush()
    faulthandler.dump_traceback(output)
