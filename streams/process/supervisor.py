"""`sales-kpis worker --supervise`: a worker that ends is started again, for as long as it takes.

A worker that cannot go on safely ends, and whatever starts it again is part of how it recovers.
Kubernetes, systemd and compose do that themselves; this is for where there is none of them, and
for a machine with several processors: Python uses one for each process.
"""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import FrameType

from streams.broker import guard
from streams.process.backoff import Backoff

log = logging.getLogger(__name__)
BAD_SETTING = 2


class Supervisor:
    """Runs `sales-kpis` some times side by side, each again and again.

    None of them outlives this process.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        """Take what follows `sales-kpis` on the command line of each."""
        self._stop = threading.Event()
        self._children = [_Child(arguments, self._stop) for arguments in commands]

    def run(self) -> int:
        """Go on until SIGTERM or SIGINT, which end all cleanly; gives the worst last status.

        One that ends with 0 was told to stop itself, and is not started again. One that refuses
        its settings would do so again: that is the end of all.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stopping)
        with ThreadPoolExecutor(len(self._children)) as pool:
            return max(pool.map(self._restart_until_stopped, self._children), key=abs)

    def _restart_until_stopped(self, kept: "_Child") -> int:
        try:
            status = kept.run()
        except OSError:
            # It could not even be started: that is the end of all, and no reason to stay silent.
            self._end()
            raise
        if status == BAD_SETTING:
            self._end()
        return status

    def _stopping(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's form
        self._end()

    def _end(self) -> None:
        self._stop.set()
        for kept in self._children:
            kept.ask_to_stop()


class _Child:
    """One of them: started, and started again, until all are told to stop."""

    def __init__(self, arguments: Sequence[str], stop: threading.Event) -> None:
        """Start nothing yet."""
        self._arguments = arguments
        self._stop = stop
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Go on until it is over; gives its last status."""
        backoff = Backoff()
        status = 0
        while not self._stop.is_set():
            began = time.monotonic()
            self._child = self._started()
            if self._stop.is_set():
                # Told while it was being started, when there was nobody to pass it on to.
                self.ask_to_stop()
            status = self._child.wait()
            if self._stop.is_set() and status == guard.TERMINATED:
                # Told to stop before it could listen; it had nothing to finish.
                return 0
            if self._stop.is_set() or status in (0, BAD_SETTING):
                return status
            pause = backoff.after(time.monotonic() - began)
            log.warning("the worker %s; starting it again in %g s", guard.ended(status), pause)
            self._stop.wait(pause)
        return status

    def ask_to_stop(self) -> None:
        """Pass it on, if there is anybody."""
        if self._child is not None and self._child.stdin is not None:
            # It may be gone already, and its pipe with it.
            with suppress(BrokenPipeError, ValueError):
                self._child.stdin.write(b"stop\n")
                self._child.stdin.flush()

    def _started(self) -> "subprocess.Popen[bytes]":
        guarded = [sys.executable, "-IS", guard.__file__, ""]
        command = [*guarded, sys.executable, "-m", "streams.cli", *self._arguments]
        # Ctrl-C is for this process, which passes it on in its own way.
        return subprocess.Popen(  # noqa: S603 - this program itself
            command, stdin=subprocess.PIPE, start_new_session=True
        )
