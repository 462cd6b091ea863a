"""Processes under a supervisor: what dies is started again, each time a little later."""

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SOONEST_SECONDS, LATEST_SECONDS = 0.2, 5.0
# Whoever lived this long starts from the shortest wait again.
STEADY_SECONDS = 10.0
LOOK_SECONDS = 0.05
STOP_SECONDS = 30.0
LEASHED = (sys.executable, "-m", "tests.chaos.leash")
READY = re.compile(r"ready: tasks aggregate ([\d ]*); merge ([\d ]*)")


@dataclass
class Life:
    """One process from its start to its end."""

    pid: int
    began: float
    log_from: int
    failpoint: str = ""
    status: int | None = None
    was_killed: bool = False


@dataclass
class Child:
    """One module that is to run as a program, whatever happens to its process.

    `prepare` gives the environment of each start; `on_end` is told of each end.
    """

    name: str
    command: list[str]
    log: Path
    prepare: Callable[["Child"], dict[str, str]]
    on_end: Callable[["Child", Life], None]
    is_wanted: bool = False
    life: Life | None = None
    is_frozen: bool = False
    lives: list[Life] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _supervisor: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Want it to run."""
        self.is_wanted = True
        self._supervisor = asyncio.create_task(self._supervise(), name=self.name)

    @property
    def is_running(self) -> bool:
        """Whether there is a process that could be killed."""
        return self.life is not None and not self.is_frozen

    async def stop(self) -> None:
        """Want it no longer: SIGTERM, and SIGKILL for one that takes too long."""
        self.is_wanted = False
        if self._process is not None and self.life is not None:
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
        self.life = None

    async def restart(self) -> None:
        """End it in good order; the supervisor starts it again."""
        life = self.life
        self.signal(signal.SIGTERM)
        while self.life is life:
            await asyncio.sleep(LOOK_SECONDS)

    def kill(self) -> None:
        """SIGKILL."""
        if self.life is not None:
            self.life.was_killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    def is_stopped(self) -> bool:
        """Tell whether the process has been stopped by a signal."""
        if self.life is None:
            return False
        try:
            stat = Path(f"/proc/{self.life.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    def shards(self) -> list[int]:
        """Say which shards of stage 1 it was last ready with in this life."""
        if self.life is None:
            return []
        found = READY.findall(self.said(self.life.log_from))
        return [int(number) for number in found[-1][0].split()] if found else []

    def said(self, start: int = 0) -> str:
        """Give its log from a byte on."""
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    async def _supervise(self) -> None:
        wait_s = SOONEST_SECONDS
        while self.is_wanted:
            began = time.time()
            environment = self.prepare(self)
            with self.log.open("ab") as log:
                at = log.tell()
                self._process = await asyncio.create_subprocess_exec(
                    *LEASHED,
                    *self.command,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **environment},
                )
            failpoint = environment.get("SALES_KPIS_FAILPOINT", "")
            life = self.life = Life(self._process.pid, began, at, failpoint)
            self.lives.append(life)
            life.status = await self._process.wait()
            self.is_frozen = False
            self.on_end(self, life)
            self.life = None
            lived = time.time() - began
            wait_s = SOONEST_SECONDS if lived > STEADY_SECONDS else min(LATEST_SECONDS, 2 * wait_s)
            await asyncio.sleep(wait_s)
