"""A supervised worker that a test starts, and what runs below it."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.config.settings import Settings
from tests.installation.installed import eventually
from tests.worker.processes import environment

END_SECONDS = 30.0


class Supervised:
    """`sales-kpis worker --supervise` with its log."""

    def __init__(self, settings: Settings, log: Path, *options: str) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "worker", *(options or ("--supervise",))],
                env={**os.environ, **environment(settings)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until the log contains a text this many times."""

        async def is_logged() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return len(re.findall(text, self.log.read_text())) >= times

        await eventually(is_logged)

    async def ended(self) -> int:
        """Stop it; return its exit code."""
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, END_SECONDS)

    def workers(self) -> list[int]:
        """The process ids of the workers, which are children of the supervisor's guards."""
        return [pid for guard in children(self.process.pid) for pid in children(guard)]


def children(pid: int) -> list[int]:
    """The ids of a process's children, of all its threads."""
    of_threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(text) for file in of_threads for text in file.read_text().split()]


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


@contextmanager
def supervised(settings: Settings, log: Path, *options: str) -> Iterator[Supervised]:
    """Yield a supervised worker that ends with the test; `options` replace `--supervise`."""
    made = Supervised(settings, log, *options)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait(END_SECONDS)
