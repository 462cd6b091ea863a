"""What a small installation is made of, a gateway and two workers, and where it all is."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from streams.broker.ports import free_port, is_free
from streams.config.settings import Settings
from streams.demo.terminal.screen import Places
from streams.process.cancellation import stopped
from streams.process.child import Child, environment

HOST = "127.0.0.1"
WORKERS = 2


class Installation:
    """The processes between the CRM and the KPIs; none outlives this program.

    They listen where the settings say, or on free ports where those are taken.
    """

    def __init__(self, settings: Settings) -> None:
        """Choose ports and logs; nothing is started yet."""
        logs = emptied(settings.data / "demo")
        env = environment(settings)
        ports: list[int] = []
        for wanted in (settings.gateway_port, *range(settings.metrics_port, 65_536)[:WORKERS]):
            ports.append(chosen(wanted, ports))
        self.gateway = Child(
            "gateway",
            ("gateway", "--port", str(ports[0])),
            f"http://{HOST}:{ports[0]}/readyz",
            logs / "gateway.log",
            env,
        )
        self.workers = [
            Child(
                f"worker {number}",
                ("worker", "--metrics-port", str(port)),
                f"http://{HOST}:{port}/healthz",
                logs / f"worker-{number}.log",
                env,
            )
            for number, port in enumerate(ports[1:], 1)
        ]
        self.places = Places(
            gateway=f"http://{HOST}:{ports[0]}",
            token=settings.token,
            metrics=tuple(f"http://{HOST}:{port}/metrics" for port in ports[1:]),
            bootstrap=settings.bootstrap,
            logs=str(logs),
            since=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def children(self) -> list[Child]:
        """Every process."""
        return [self.gateway, *self.workers]

    async def start(self) -> None:
        """Start every process, without waiting for any."""
        for child in self.children:
            await child.start()

    def supervise(self, say: Callable[[str], None]) -> None:
        """Restart from now on what ends; `say` hears of it."""
        self._keeping = [asyncio.create_task(child.supervise(say)) for child in self.children]

    async def health(self, session: aiohttp.ClientSession) -> dict[str, bool]:
        """Ask every process whether it is well."""
        answers = await asyncio.gather(*(child.is_well(session) for child in self.children))
        return {child.name: well for child, well in zip(self.children, answers, strict=True)}

    async def stop(self) -> None:
        """End every process; all at once, for none waits for another."""
        await stopped(*self._keeping)
        await asyncio.gather(*(child.stop() for child in self.children))


def chosen(wanted: int, taken: Collection[int]) -> int:
    """Give the wanted port if nobody has it, else a free one."""
    if wanted not in taken and is_free(HOST, wanted):
        return wanted
    port = free_port(HOST)
    return port if port not in taken else chosen(wanted, taken)


def emptied(folder: Path) -> Path:
    """Make the folder of the logs, and begin them anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.write_bytes(b"")
    return folder
