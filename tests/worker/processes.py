"""Worker processes that a test starts, stops, kills and freezes."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from streams.config.settings import Settings
from tests.installation.installed import eventually

ROOT = Path(__file__).parents[2]
READY = re.compile(r"ready: tasks aggregate ([\d ]*); merge ([\d ]*)")
END_SECONDS = 20.0
COUNTING = "tests.worker.counting_worker"


class Worker:
    """One worker process with its log."""

    def __init__(self, settings: Settings, log: Path, module: str, *arguments: str) -> None:
        self.log = log
        self._file = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment(settings)},
            stdout=self._file,
            stderr=subprocess.STDOUT,
        )

    def log_text(self) -> str:
        """Return its log so far."""
        return self.log.read_text()

    def task_numbers(self) -> tuple[set[int], set[int]]:
        """Return the numbers of its aggregate and merge tasks when it was last ready."""
        found = READY.findall(self.log_text())
        if not found:
            return set(), set()
        aggregate, merge = ({int(number) for number in part.split()} for part in found[-1])
        return aggregate, merge

    async def is_ready(self) -> Self:
        """Wait until it has all that was assigned to it."""

        async def has_tasks() -> bool:
            assert self.process.poll() is None, self.log_text()
            return bool(self.task_numbers()[0] or self.task_numbers()[1])

        await eventually(has_tasks)
        return self

    async def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        return await asyncio.to_thread(self.process.wait, END_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def close(self) -> None:
        """End it and close its log."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_SECONDS)
        self._file.close()


class WorkerProcesses:
    """All workers of a test."""

    def __init__(self, settings: Settings, folder: Path, module: str = COUNTING) -> None:
        self.settings = settings
        self._module = module
        self._folder = folder
        self._workers: list[Worker] = []

    def start(self, *arguments: str) -> Worker:
        """Start one more."""
        log = self._folder / f"worker-{len(self._workers)}.log"
        worker = Worker(self.settings, log, self._module, *arguments)
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        """End them all."""
        for worker in self._workers:
            worker.close()


@contextmanager
def worker_processes(
    settings: Settings, folder: Path, module: str = COUNTING
) -> Iterator[WorkerProcesses]:
    """Yield the workers of a test, which end with it."""
    processes = WorkerProcesses(settings, folder, module)
    try:
        yield processes
    finally:
        processes.close()


def environment(settings: Settings) -> dict[str, str]:
    """Write settings as a worker reads them."""
    now = (
        "" if settings.now is None else datetime.fromtimestamp(settings.now / 1000, UTC).isoformat()
    )
    return {
        "SALES_KPIS_BOOTSTRAP": settings.bootstrap,
        "SALES_KPIS_APP": settings.app,
        "SALES_KPIS_PARTITIONS": str(settings.partitions),
        "SALES_KPIS_NOW": now,
        "SALES_KPIS_PUBLISH_INTERVAL_MS": str(settings.publish_interval_ms),
        "SALES_KPIS_FAILPOINT": settings.failpoint,
        "SALES_KPIS_SOURCES": str(settings.sources or ""),
    }
