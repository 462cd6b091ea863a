"""The demo's own processes: started, watched, restarted, and gone when the demo is."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

import aiohttp

from streams.broker import guard
from streams.broker.embedded import last_lines
from streams.config.settings import PREFIX, Settings
from streams.process.backoff import Backoff

START_SECONDS = 60.0
POLL_SECONDS = 0.05
HEALTH_TIMEOUT = aiohttp.ClientTimeout(total=2)
# The guard bounds the clean end itself; this is for a guard that does not answer.
END_SECONDS = guard.STOP_SECONDS + 10.0


class StartError(Exception):
    """Something the demo needs does not start; the message carries what it last said."""


class Child:
    """One `sales-kpis` process with a log of its own; it never outlives this program."""

    def __init__(
        self, name: str, command: tuple[str, ...], health: str, log: Path, env: Mapping[str, str]
    ) -> None:
        """Say what to run, where it answers when it is well (a URL), and where it writes."""
        self.name = name
        self.health_url = health
        self.restarts = 0
        self._command = command
        self._log = log
        self._env = env
        self._process: asyncio.subprocess.Process | None = None
        self._began = 0.0

    async def start(self) -> None:
        """Start the process; give it time with `ready`."""
        self._began = time.monotonic()
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-IS", guard.__file__, ""),
                *(sys.executable, "-m", "streams.cli", *self._command),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=self._env,
                # Ctrl-C is for the demo alone, which ends its children in its own order.
                start_new_session=True,
            )

    async def ready(self, session: aiohttp.ClientSession) -> None:
        """Wait until it is well. Raises StartError if it ends or takes START_SECONDS."""
        while not await self.is_well(session):
            if self._process is None or self._process.returncode is not None:
                raise StartError(f"{self.name} ended while starting:\n{self.last_lines()}")
            if time.monotonic() - self._began > START_SECONDS:
                raise StartError(
                    f"{self.name} is not ready after {START_SECONDS:.0f} s:\n{self.last_lines()}"
                )
            await asyncio.sleep(POLL_SECONDS)

    async def is_well(self, session: aiohttp.ClientSession) -> bool:
        """Ask it."""
        try:
            async with session.get(self.health_url, timeout=HEALTH_TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def supervise(self, say: Callable[[str], None]) -> None:
        """Restart it whenever it ends, later and later if that is soon; until cancelled."""
        backoff = Backoff()
        while self._process is not None:
            status = await self._process.wait()
            pause = backoff.after(time.monotonic() - self._began)
            self.restarts += 1
            say(f"{self.name} {guard.ended(status)}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            await self.start()
            say(f"{self.name} {guard.ended(status)} and was started again")

    async def stop(self) -> None:
        """Let it end cleanly, by force if that takes too long."""
        if self._process is None or self._process.stdin is None:
            return
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._process.communicate(b"stop\n")
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def last_lines(self) -> str:
        """Give the last lines of its log."""
        return last_lines(self._log, 0)


def environment(settings: Settings) -> dict[str, str]:
    """Give this program's environment with exactly these settings in it.

    A fixed `now` cannot be passed on and must not be set.
    """
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    given = {field.name: getattr(settings, field.name) for field in fields(settings)}
    given["now"] = ""
    return inherited | {PREFIX + name.upper(): _text(value) for name, value in given.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={it}" for name, it in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)
