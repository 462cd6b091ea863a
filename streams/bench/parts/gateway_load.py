"""Webhooks at a steady rate to one gateway process: latencies, and whether all were kept."""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.bench.bench import Bench
from streams.bench.latency import percentiles
from streams.bench.options import EVERY_KPI
from streams.bench.processes import BenchFailed, Running, process
from streams.bench.results import Quantity
from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import endpoints
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.process.environment import environment
from streams.sources.auth import Recipe, sign
from streams.sources.delivery import Webhook

HOST = "127.0.0.1"
PUBLIC_URL = "https://crm.example.com"
SECRET = "the-secret-of-the-benchmark"  # noqa: S105  # opens nothing else
SOURCE = "hubspot"
# As many as the gateway serves by default, with some for others.
CONNECTIONS = 400
SLICE_SECONDS = 0.002
WARM_UP_SECONDS = 3.0
END_SECONDS = 10.0
OK = 200


class Connection(asyncio.Protocol):
    """One connection that is kept: a request at a time, each from when it was due."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._transport: asyncio.Transport
        self._buffer = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for a request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker: TCP
        self._transport = transport

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at this time."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is there."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if separator and len(body) >= int(length or b"0"):
            self._buffer = b""
            self._load.answered(self, int(head.split(b" ", 2)[1]), self._due)


class Load:
    """Requests at a steady rate, whether or not the gateway keeps up, and their answers."""

    def __init__(self, recipe: Recipe, rate: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []
        self._recipe = recipe
        self._rate = rate
        self._free: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._number = 0

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int, recipe: Recipe, rate: int) -> AsyncIterator["Load"]:
        """Yield a load whose connections are open."""
        load = cls(recipe, rate)
        loop = asyncio.get_running_loop()
        transports = []
        for _ in range(CONNECTIONS):
            transport, connection = await loop.create_connection(
                lambda: Connection(load), HOST, port
            )
            transports.append(transport)
            load._free.append(connection)
        yield load
        for transport in transports:
            transport.close()

    async def run(self, seconds: float) -> None:
        """Send for so long, then wait until all is answered."""
        begun = time.monotonic()
        number = 0
        while (now := time.monotonic()) < begun + seconds:
            while begun + number / self._rate <= now:
                self._waiting.append(begun + number / self._rate)
                number += 1
            self._send_waiting()
            await asyncio.sleep(SLICE_SECONDS)
        async with asyncio.timeout(END_SECONDS):
            while self._waiting or len(self._free) < CONNECTIONS:
                await asyncio.sleep(SLICE_SECONDS)

    def answered(self, connection: Connection, status: int, due: float) -> None:
        """Note an answer; its connection is free."""
        self.statuses[status] += 1
        self.milliseconds.append(1_000 * (time.monotonic() - due))
        self._free.append(connection)
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting and self._free:
            self._free.popleft().send(self._request(), self._waiting.popleft())

    def _request(self) -> bytes:
        self._number += 1
        now = time.time_ns() // 1_000_000
        item = {
            "eventId": self._number,
            "subscriptionId": 25,
            "portalId": 33,
            "occurredAt": now,
            "subscriptionType": "deal.propertyChange",
            "attemptNumber": 0,
            "objectId": self._number % 5_000,
            "propertyName": "amount",
            "propertyValue": "1250.50",
        }
        body = json.dumps([item]).encode()
        target = f"/webhooks/{SOURCE}"
        found = Webhook(SOURCE, "", "POST", target, (), body, now)
        signed = sign(found, self._recipe, SECRET, PUBLIC_URL, now)
        headers = "".join(f"{name}: {value}\r\n" for name, value in signed.headers)
        head = f"POST {target} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Length: {len(body)}"
        return head.encode() + b"\r\n\r\n" + body


def measure(bench: Bench) -> None:
    """Measure p50, p99 and the largest latency of answers. Raises BenchFailed for a lost one."""
    options, installation = bench.options, bench.installation
    rate = options.webhook_rate
    case = f"{rate:,} webhooks/s"
    for _ in range(options.repeats):
        installation.renew(EVERY_KPI)
        settings = replace(
            installation.settings,
            secrets={SOURCE: (SECRET,)},
            public_url=PUBLIC_URL,
            webhook_rate=1_000_000,
        )
        with (
            bench.steps.step(f"gateway, {case}"),
            gateway(installation.folder / "gateway.log", settings) as child,
        ):
            load = asyncio.run(loaded(settings, child.port, rate, options.seconds))
            cpu_s = child.process.cpu_s()
        kept = asyncio.run(count(settings))
        bench.add("gateway", case, figures(load, kept, cpu_s))
        if kept < load.statuses[OK]:
            raise BenchFailed(f"{load.statuses[OK]:,} were accepted, {kept:,} are in the inbox")


def figures(load: Load, kept: int, cpu_s: float) -> dict[Quantity, float]:
    """Return latencies, the number of answers of each status, and how many are in the inbox."""
    p50, p99 = percentiles(load.milliseconds)
    return {
        Quantity("answers, p50", "ms"): p50,
        Quantity("answers, p99", "ms"): p99,
        Quantity("answers, longest", "ms"): max(load.milliseconds),
        **{
            Quantity(f"answers {status}", "webhooks"): number
            for status, number in sorted(load.statuses.items())
        },
        Quantity("in the inbox", "webhooks"): kept,
        Quantity("gateway's CPU", "µs/webhook"): 1e6 * cpu_s / load.statuses.total(),
    }


async def loaded(settings: Settings, port: int, rate: int, seconds: float) -> Load:
    """Return a load after its run; its warm-up is not measured."""
    recipe = endpoints(settings)[SOURCE].recipe
    async with Load.connected(port, recipe, rate) as load:
        await load.run(WARM_UP_SECONDS)
        load.milliseconds.clear()
        await load.run(seconds)
    return load


async def count(settings: Settings) -> int:
    """Return how many deliveries the inbox has."""
    partitions = [TopicPartition(topics.INBOX, n) for n in range(topics.INBOX_PARTITIONS)]
    return sum((await ends(settings, partitions)).values())


class Gateway(NamedTuple):
    """A gateway process that accepts webhooks."""

    port: int
    process: Running


@contextmanager
def gateway(log: Path, settings: Settings) -> Iterator[Gateway]:
    """Run a gateway process; yield it once it accepts webhooks."""
    port = free_port(HOST)
    arguments = ("gateway", "--port", str(port))
    with process(arguments, log, environment(settings), "connected to Kafka") as it:
        yield Gateway(port, it)
