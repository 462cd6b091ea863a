"""The processes of a small installation: gateway, workers, translation; and their addresses."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from streams.broker.ports import free_port, is_free
from streams.config.settings import Settings
from streams.demo.service import Service
from streams.demo.terminal.screen import Addresses
from streams.process.cancellation import stopped
from streams.process.environment import environment

HOST = "127.0.0.1"
WORKERS = 2
# Of the first worker, unless the settings have one.
METRICS_PORT = 9464


class Installation:
    """The processes between the CRM and the KPIs; none outlives this program.

    They listen on the ports of the settings, or on free ports where those are in use. Without a
    source that is on there is nothing to translate, and no process for it. `settings` are
    theirs, with the address of the gateway.
    """

    def __init__(self, settings: Settings) -> None:
        logs = empty_logs(settings.data / "demo")
        ports = choose_ports(settings)
        self.settings = replace(settings, public_url=f"http://{HOST}:{ports[0]}")
        env = environment(self.settings)
        self.gateway = Service(
            "gateway",
            ("gateway", "--port", str(ports[0])),
            f"http://{HOST}:{ports[0]}/readyz",
            logs / "gateway.log",
            env,
        )
        self.workers = [
            Service(
                f"worker {number}",
                ("worker", "--metrics-port", str(port)),
                f"http://{HOST}:{port}/healthz",
                logs / f"worker-{number}.log",
                env,
            )
            for number, port in enumerate(ports[1 : 1 + WORKERS], 1)
        ]
        self.translating = [
            Service(
                "translate",
                ("translate", "--metrics-port", str(port)),
                f"http://{HOST}:{port}/readyz",
                logs / "translate.log",
                env,
            )
            for port in ports[1 + WORKERS :]
        ]
        self.addresses = Addresses(
            gateway=f"http://{HOST}:{ports[0]}",
            token=settings.token,
            metrics=tuple(f"http://{HOST}:{port}/metrics" for port in ports[1 : 1 + WORKERS]),
            bootstrap=settings.bootstrap,
            logs=str(logs),
            since=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self._supervisors: list[asyncio.Task[None]] = []

    @property
    def services(self) -> list[Service]:
        """Every process."""
        return [self.gateway, *self.workers, *self.translating]

    def start(self) -> None:
        """Start what leads to the first KPIs, without waiting for any."""
        for service in (self.gateway, *self.workers):
            service.start()

    def start_translation(self) -> None:
        """Start the translation of webhooks, when the others no longer need the processors."""
        for service in self.translating:
            service.start()

    def supervise(self, report: Callable[[str], None]) -> None:
        """Restart from now on what ends; `report` is called with each end and each restart."""
        self._supervisors = [
            asyncio.create_task(service.supervise(report)) for service in self.services
        ]

    async def health(self, session: aiohttp.ClientSession) -> dict[str, bool]:
        """Return by name whether each process works."""
        answers = await asyncio.gather(*(each.is_healthy(session) for each in self.services))
        return {each.name: answer for each, answer in zip(self.services, answers, strict=True)}

    async def stop(self) -> None:
        """End every process; all at once, for none waits for another."""
        await stopped(*self._supervisors)
        await asyncio.gather(*(service.stop() for service in self.services))


def choose_ports(settings: Settings) -> list[int]:
    """Return the ports of the gateway, of the workers, and of the translation if it is needed."""
    first = METRICS_PORT if settings.metrics_port is None else settings.metrics_port
    count = WORKERS + bool(settings.secrets)
    ports: list[int] = []
    for preferred in (settings.gateway_port, *range(first, 65_536)[:count]):
        ports.append(choose_port(preferred, ports))
    return ports


def choose_port(preferred: int, used: Collection[int]) -> int:
    """Return the preferred port if it is free and not in `used`, else a free one."""
    if preferred not in used and is_free(HOST, preferred):
        return preferred
    port = free_port(HOST)
    return port if port not in used else choose_port(preferred, used)


def empty_logs(folder: Path) -> Path:
    """Make the folder of the logs, and empty the logs that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.write_bytes(b"")
    return folder
