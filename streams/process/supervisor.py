"""Supervised workers: `sales-kpis worker --supervise` starts a worker again whenever it ends.

A worker that cannot go on safely ends, and whatever starts it again is part of how it recovers.
Kubernetes, systemd and compose do that themselves; this is for machines without them, and for
machines with several processors: Python uses one processor a process.
"""

import logging
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from streams.process import guard
from streams.process.child import PRODUCT, Child, describe_exit

log = logging.getLogger(__name__)
BAD_SETTING = 2


class Supervisor:
    """Runs several `sales-kpis` processes side by side and restarts each that ends.

    `commands` are the arguments after `sales-kpis`, for each process. No process outlives this one.
    """

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._stopping = threading.Event()
        self._children = [Child([*PRODUCT, *arguments]) for arguments in commands]

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, which end all processes cleanly; return the worst status.

        A process that exits with 0 was asked to stop itself and is not started again. One that
        refuses its settings would do so again: then all are ended.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        with ThreadPoolExecutor(len(self._children)) as pool:
            return max(pool.map(self._supervise, self._children), key=abs)

    def _supervise(self, child: Child) -> int:
        try:
            status = self._restart_until_stopped(child)
        except OSError:
            # It could not even be started: all are ended, and the error is reported.
            self._stop_all()
            raise
        if status == BAD_SETTING:
            self._stop_all()
        return status

    def _restart_until_stopped(self, child: Child) -> int:
        status = 0
        while not self._stopping.is_set():
            child.start()
            if self._stopping.is_set():
                # Asked to stop while the process was being started, before it could be passed on.
                child.request_stop()
            status = child.wait()
            if self._stopping.is_set() and status == guard.TERMINATED:
                # Stopped before it could handle the signal; it had nothing to finish.
                return 0
            if self._stopping.is_set() or status in (0, BAD_SETTING):
                return status
            pause_s = child.pause_s()
            log.warning("the worker %s; starting it again in %g s", describe_exit(status), pause_s)
            self._stopping.wait(pause_s)
        return status

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's form
        self._stop_all()

    def _stop_all(self) -> None:
        self._stopping.set()
        for child in self._children:
            child.request_stop()
