"""The processes of a small installation, from the gateway to the page, and their addresses."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

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


class Ports(NamedTuple):
    """Where the processes listen; of `translation` None where there is nothing to translate."""

    gateway: int
    page: int
    workers: tuple[int, ...]
    history: int
    translation: int | None


class Installation:
    """The processes from the CRM to the page; none outlives this program.

    They listen on the ports of the settings, or on free ports where those are in use. Without a
    source that is on there is nothing to translate, and no process for it. `settings` are
    theirs, with the address of the gateway and an empty history of their own.
    """

    def __init__(self, settings: Settings) -> None:
        self._logs = empty_logs(settings.data / "demo")
        ports = choose_ports(settings)
        self.settings = replace(
            settings,
            public_url=url(ports.gateway),
            history=str(without_history(settings.data / "demo" / "history.sqlite")),
        )
        # Each process that shows metrics gets a port of its own.
        self._environment = environment(replace(self.settings, metrics_port=None))
        self.gateway = self._service("gateway", "--port", ports.gateway, "readyz")
        self.page = self._service("page", "--port", ports.page, "readyz")
        self.workers = [
            self._service(f"worker {number}", "--metrics-port", port, "healthz")
            for number, port in enumerate(ports.workers, 1)
        ]
        self.history = self._service("history", "--metrics-port", ports.history, "livez")
        self.translating = (
            []
            if ports.translation is None
            else [self._service("translate", "--metrics-port", ports.translation, "readyz")]
        )
        self.addresses = Addresses(
            gateway=url(ports.gateway),
            page=url(ports.page),
            token=settings.token,
            metrics=tuple(f"{url(port)}/metrics" for port in ports.workers),
            bootstrap=settings.bootstrap,
            logs=str(self._logs),
            since=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self._supervisors: list[asyncio.Task[None]] = []

    def _service(self, name: str, option: str, port: int, check: str) -> Service:
        """Describe a process by its command, which is the first word of its name."""
        return Service(
            name,
            (name.partition(" ")[0], option, str(port)),
            f"{url(port)}/{check}",
            self._logs / f"{name.replace(' ', '-')}.log",
            self._environment,
        )

    @property
    def services(self) -> list[Service]:
        """Every process."""
        return [self.gateway, *self.workers, self.page, self.history, *self.translating]

    def start(self) -> None:
        """Start what leads to the first KPIs, without waiting for any."""
        for service in (self.gateway, *self.workers):
            service.start()

    def start_page(self) -> None:
        """Start the page, once there is something to show."""
        self.page.start()

    def start_translation(self) -> None:
        """Start the translation of webhooks, when the others no longer need the processors."""
        for service in self.translating:
            service.start()

    def start_history(self) -> None:
        """Start to keep the past, once the workers have caught up with it."""
        self.history.start()

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


def url(port: int) -> str:
    """Give the address of a process of this machine."""
    return f"http://{HOST}:{port}"


def choose_ports(settings: Settings) -> Ports:
    """Return the ports of all processes: those of the settings, or free ones."""
    first = METRICS_PORT if settings.metrics_port is None else settings.metrics_port
    count = WORKERS + 1 + bool(settings.secrets)
    chosen: list[int] = []
    for preferred in (settings.gateway_port, settings.page_port, *range(first, 65_536)[:count]):
        chosen.append(choose_port(preferred, chosen))
    gateway, page, *others = chosen
    workers, (*translation, history) = others[:WORKERS], others[WORKERS:]
    return Ports(gateway, page, tuple(workers), history, translation[0] if translation else None)


def choose_port(preferred: int, used: Collection[int]) -> int:
    """Return the preferred port if it is free and not in `used`, else a free one."""
    if preferred not in used and is_free(HOST, preferred):
        return preferred
    port = free_port(HOST)
    return port if port not in used else choose_port(preferred, used)


def without_history(file: Path) -> Path:
    """Delete a history of SQLite, which was another Kafka's, with the files beside it."""
    for part in ("", "-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    return file


def empty_logs(folder: Path) -> Path:
    """Make the folder of the logs, and empty the logs that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.write_bytes(b"")
    return folder
