"""The product's own commands, run as an operator would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

READY_SECONDS = 90
COMMAND = [sys.executable, "-m", "streams.cli"]


def run(environment: Mapping[str, str], *arguments: str, out: Path | None = None) -> str:
    """Run a command to its end; it must exit 0."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    if out is not None:
        out.write_bytes(done.stdout)
    return done.stdout.decode()


class Worker:
    """A worker process that can be killed and started again."""

    def __init__(
        self, environment: Mapping[str, str], log: Path, command: Sequence[str] | None = None
    ) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log
        self._command = [*(command or [*COMMAND, "worker"])]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; does not wait."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )

    def await_ready(self) -> None:
        """Wait until it logs that it is ready."""
        deadline = time.monotonic() + READY_SECONDS
        while "ready" not in self._log.read_text():
            assert self._process is not None
            assert self._process.poll() is None, self._log.read_text()[-3000:]
            assert time.monotonic() < deadline, self._log.read_text()[-3000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, without a clean end."""
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def stop(self) -> int:
        """SIGTERM, and the exit code; killed if it takes more than 30 s."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


@contextmanager
def working(*workers: Worker) -> Iterator[None]:
    """Run workers beside a block."""
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.await_ready()
        yield
    finally:
        for worker in workers:
            worker.stop()
