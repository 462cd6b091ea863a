"""`sales-kpis worker --supervise`: a worker that ends is started again, for as long as it takes.

A worker that cannot go on safely ends, and whatever starts it again is part of how it recovers.
Kubernetes, systemd and compose do that themselves; this is for where there is none of them.
"""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from streams.backoff import Backoff
from streams.broker import guard

log = logging.getLogger(__name__)
BAD_SETTING = 2


class Supervisor:
    """Runs `sales-kpis` with some arguments, again and again; it never outlives this process."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Take what follows `sales-kpis` on the command line."""
        self._arguments = arguments
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Go on until SIGTERM or SIGINT, which end the child cleanly; gives its last status.

        A child that ends with 0 was told to stop itself and one that refuses its settings will
        do so again: both are the end here, too.
        """
        backoff = Backoff()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        while True:
            began = time.monotonic()
            self._child = self._started()
            status = self._child.wait()
            if self._stop.is_set() or status in (0, BAD_SETTING):
                return status
            pause = backoff.after(time.monotonic() - began)
            log.warning("the worker %s; starting it again in %g s", guard.ended(status), pause)
            if self._stop.wait(pause):
                return status

    def _started(self) -> "subprocess.Popen[bytes]":
        guarded = [sys.executable, "-IS", guard.__file__, ""]
        command = [*guarded, sys.executable, "-m", "streams.cli", *self._arguments]
        # Ctrl-C is for this process, which passes it on in its own way.
        return subprocess.Popen(  # noqa: S603 - this program itself
            command, stdin=subprocess.PIPE, start_new_session=True
        )

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's form
        self._stop.set()
        if self._child is not None and self._child.stdin is not None:
            # It may be gone already, and its pipe with it.
            with suppress(BrokenPipeError, ValueError):
                self._child.stdin.write(b"stop\n")
                self._child.stdin.flush()
