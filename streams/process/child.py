"""A child process: guarded, logged, started again after a pause, stopped by signal, then killed."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from streams.process import guard
from streams.process.backoff import Backoff

# The guard bounds the clean end itself; this is for a guard that does not answer.
END_SECONDS = guard.STOP_SECONDS + 10.0
LOG_LINES = 25
PRODUCT = (sys.executable, "-m", "streams.cli")


class Child:
    """One process at a time that runs a command and never outlives this program.

    Standard output and error are appended to `log`, or are this program's own where it is None.
    `environment` replaces this program's own where it is given. `folder` is removed by the guard
    should this program die. Any thread may start it; it lives on when that thread ends. Ctrl-C
    does not reach it: this program ends its children in its own order. Not for use by two threads
    at once, except for `request_stop`.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        cwd: Path | None = None,
        folder: str = "",
    ) -> None:
        self._command = [sys.executable, "-IS", guard.__file__, folder, *command]
        self._log = log
        self._log_start = 0
        self._environment = environment
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._backoff = Backoff()

    def start(self) -> None:
        """Start the process. Raises OSError if there is no such program."""
        self._close_pipe()
        self._started_at = time.monotonic()
        if self._log is None:
            self._process = self._popen(None)
            return
        with self._log.open("ab") as output:
            self._log_start = output.tell()
            self._process = self._popen(output.fileno())

    def _popen(self, output: int | None) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - commands of this project's own
            self._command,
            # Unbuffered, so that nothing is left to be written to a guard that has ended.
            bufsize=0,
            cwd=self._cwd,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the guard's process, whose child runs the command; 0 if none was started."""
        return 0 if self._process is None else self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status of the last process; None before it has ended."""
        return None if self._process is None else self._process.poll()

    @property
    def run_s(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self._started_at

    def wait(self) -> int:
        """Wait until the process ends; return its status, 0 if none was started."""
        if self._process is None:
            return 0
        status = self._process.wait()
        self._close_pipe()
        return status

    def pause_s(self) -> float:
        """Return the pause before the next start of a process that has just ended, in seconds."""
        return self._backoff.after(self.run_s)

    def request_stop(self) -> None:
        """Ask the process to end cleanly, without waiting; it is killed after a time."""
        self._order("stop")

    def stop(self) -> None:
        """End the process cleanly, or by force if that takes too long."""
        self._end("stop")

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._end("kill")

    def last_lines(self) -> str:
        """Return the last LOG_LINES lines that were logged since the last start."""
        if self._log is None:
            return ""
        with self._log.open("rb") as stream:
            stream.seek(self._log_start)
            lines = stream.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def _order(self, order: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            # The process may have ended, and its pipe with it.
            with suppress(BrokenPipeError, ValueError):
                self._process.stdin.write(f"{order}\n".encode())

    def _end(self, order: str) -> None:
        process = self._process
        if process is None:
            return
        self._order(order)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def inherited(**changes: str) -> dict[str, str]:
    """Return this program's environment with these variables changed or added."""
    return {**os.environ, **changes}


def describe_exit(status: int) -> str:
    """Describe how a child ended; a guard exits with 256 less the signal's number."""
    number = -status if status < 0 else 256 - status
    return f"was killed by signal {number}" if number < 64 else f"ended with status {status}"
