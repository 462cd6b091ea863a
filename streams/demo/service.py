"""A `sales-kpis` process of the demo with a health check, restarted whenever it ends."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp

from streams.process.child import PRODUCT, Child, describe_exit

START_SECONDS = 60.0
HEALTH_POLL_SECONDS = 0.05
EXIT_POLL_SECONDS = 0.1
HEALTH_TIMEOUT = aiohttp.ClientTimeout(total=2)


class StartError(Exception):
    """Something the demo needs does not start; the message ends with the last lines of its log."""


class Service:
    """One process with a log of its own; `health_url` answers 200 while it works.

    `arguments` are what follows `sales-kpis` on its command line.
    """

    def __init__(
        self,
        name: str,
        arguments: tuple[str, ...],
        health_url: str,
        log: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._health_url = health_url
        self._child = Child([*PRODUCT, *arguments], log, environment)

    @property
    def is_started(self) -> bool:
        """Whether it has been started at all."""
        return self._child.is_running or self._child.status is not None

    def start(self) -> None:
        """Start the process, without waiting until it works."""
        self._child.start()

    async def await_healthy(self, session: aiohttp.ClientSession) -> None:
        """Wait until it works. Raises StartError if it ends or takes START_SECONDS."""
        while not await self.is_healthy(session):
            if not self._child.is_running:
                raise StartError(f"{self.name} ended while starting:\n{self.last_lines()}")
            if self._child.run_s > START_SECONDS:
                raise StartError(
                    f"{self.name} is not ready after {START_SECONDS:.0f} s:\n{self.last_lines()}"
                )
            await asyncio.sleep(HEALTH_POLL_SECONDS)

    async def is_healthy(self, session: aiohttp.ClientSession) -> bool:
        """Return whether its health check answers 200."""
        try:
            async with session.get(self._health_url, timeout=HEALTH_TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def supervise(self, report: Callable[[str], None]) -> None:
        """Restart it whenever it ends, with longer pauses if that is soon; until cancelled."""
        while True:
            while (status := self._child.status) is None:
                await asyncio.sleep(EXIT_POLL_SECONDS)
            pause_s = self._child.pause_s()
            self.restarts += 1
            end = f"{self.name} {describe_exit(status)}"
            report(f"{end}; starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            self._child.start()
            report(f"{end} and was started again")

    async def stop(self) -> None:
        """End it cleanly, or by force if that takes too long."""
        await asyncio.to_thread(self._child.stop)

    def last_lines(self) -> str:
        """Return the last lines of its log."""
        return self._child.last_lines()
