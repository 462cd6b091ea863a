"""Supervised processes of the harness, which it signals directly: no guard stands between."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streams.process.backoff import Backoff

EXIT_POLL_SECONDS = 0.05
STOP_SECONDS = 30.0
LEASH = (sys.executable, "-m", "tests.chaos.leash")
READY = re.compile(r"ready: tasks aggregate ([\d ]*); merge ([\d ]*)")


@dataclass
class ChildRun:
    """One process from its start to its end."""

    pid: int
    began: float
    log_from: int
    failpoint: str = ""
    status: int | None = None
    was_killed: bool = False


@dataclass(eq=False)
class Child:
    """A module that is run as a program and started again whenever its process ends.

    `prepare` returns the environment of each start; `on_end` is called at each end.
    """

    name: str
    command: list[str]
    log: Path
    prepare: Callable[["Child"], dict[str, str]]
    on_end: Callable[["Child", ChildRun], None]
    is_wanted: bool = False
    run: ChildRun | None = None
    is_frozen: bool = False
    runs: list[ChildRun] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _supervisor: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self.is_wanted = True
        self._supervisor = asyncio.create_task(self._supervise(), name=self.name)

    @property
    def is_running(self) -> bool:
        """Whether there is a process that could be killed."""
        return self.run is not None and not self.is_frozen

    async def stop(self) -> None:
        """End it for good: SIGTERM, and SIGKILL if that takes too long."""
        self.is_wanted = False
        if self._process is not None and self.run is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.kill()
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        self.run = None

    async def restart(self) -> None:
        """End it cleanly; the supervisor starts it again."""
        run = self.run
        self.signal(signal.SIGTERM)
        while self.run is run:
            # It may have suspended itself meanwhile, and would not hear of it.
            self.signal(signal.SIGCONT)
            await asyncio.sleep(EXIT_POLL_SECONDS)

    def kill(self) -> None:
        """SIGKILL."""
        if self.run is not None:
            self.run.was_killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def is_suspended(self) -> bool:
        """Return whether the process has been suspended by a signal."""
        if self.run is None:
            return False
        try:
            stat = Path(f"/proc/{self.run.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    def partitions(self) -> list[int]:
        """Return the partitions of its aggregate tasks when it was last ready in this run."""
        if self.run is None:
            return []
        found = READY.findall(self.log_text(self.run.log_from))
        return [int(number) for number in found[-1][0].split()] if found else []

    def log_text(self, start: int = 0) -> str:
        """Return its log from a byte on."""
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    async def _supervise(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=5.0, good_run_s=10.0)
        while self.is_wanted:
            began = time.time()
            environment = self.prepare(self)
            with self.log.open("ab") as log:
                at = log.tell()
                self._process = await asyncio.create_subprocess_exec(
                    *LEASH,
                    *self.command,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **environment},
                )
            failpoint = environment.get("SALES_KPIS_FAILPOINT", "")
            run = self.run = ChildRun(self._process.pid, began, at, failpoint)
            self.runs.append(run)
            run.status = await self._process.wait()
            self.is_frozen = False
            self.on_end(self, run)
            self.run = None
            await asyncio.sleep(backoff.after(time.time() - began))
