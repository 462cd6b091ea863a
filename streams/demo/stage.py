"""The course of one demo: what starts when, what runs until the end, what is said at the end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from rich.console import Console

from streams.broker.embedded import EmbeddedKafka, last_lines
from streams.broker.storage import BrokerError
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.demo.installation import Installation
from streams.demo.simulation.company import EventData
from streams.demo.simulation.simulator import (
    Counts,
    RequestRefused,
    Simulator,
)
from streams.demo.simulation.traffic import Traffic
from streams.demo.terminal.figures import Latency, ShownValues
from streams.demo.terminal.refresh import Rate, show
from streams.demo.terminal.screen import (
    MONTH,
    Pulse,
    snapshot,
)
from streams.events import SOURCE_TOPICS
from streams.internal_topics.progress import await_settled
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import beginnings, ends
from streams.output.reader import Feed
from streams.process.cancellation import ended, stopped
from streams.process.child import StartError
from streams.wiring.catalogue import catalogue

FIRST_KPI_SECONDS = 60.0
CATCH_UP_SECONDS = 300.0
SETTLEMENT_SECONDS = 20.0
NOTICE_SECONDS = 15.0
LAST_READ_SECONDS = 0.5
POLL_SECONDS = 0.05


class Arrivals:
    """A view of `sales.kpis` that tells the latency when each record came."""

    def __init__(self, latency: Latency) -> None:
        """Take whom to tell."""
        self._latency = latency

    def update(self, key: str, record: bytes | None) -> None:
        """Take a key's newest record."""
        self._latency.seen(key, record, time.monotonic())


class Stage:
    """One run of the demo on a Kafka that answers."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        console: Console,
        broker: EmbeddedKafka | None,
        began: float,
    ) -> None:
        """Take the settings all parts share, and when it all began (monotonic seconds)."""
        self._settings = settings
        self._console = console
        self._broker = broker
        self._began = began
        calendar = catalogue(settings, rules).calendar
        self._calendar = calendar
        self._values = ShownValues(calendar)
        self._latency = Latency(calendar)
        self._installation = Installation(settings)
        self._rate = Rate()
        self._live_since: float | None = None
        self._live_for: float | None = None
        self._notice = ("", 0.0)
        self._counts = Counts()
        self._is_catching_up = True
        self._is_settled: bool | None = None

    async def play(self, seconds: float | None, seed: int, stop: asyncio.Event) -> None:
        """Run for so many seconds of live traffic, or until `stop` is set; leave nothing running.

        Raises StartError, Refused, BrokerError, Fatal or KafkaError for what goes wrong.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            async with aiohttp.ClientSession() as session:
                acting = asyncio.create_task(self._act(session, seconds, seed))
                await asyncio.wait({acting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                async with self._blaming_the_broker():
                    await ended(acting)
                if self._live_since is not None:
                    await self._sum_up(session)
        finally:
            stopping.cancel()
            self._print("ending")
            await self._installation.stop()

    async def _act(self, session: aiohttp.ClientSession, seconds: float | None, seed: int) -> None:
        simulator = Simulator(
            session,
            self._installation.places.gateway + "/events",
            self._settings.token,
            self._posted,
        )
        self._counts = simulator.counts
        await self._lay_ground()
        feed = Feed(self._settings, self._values, Arrivals(self._latency))
        feeding = asyncio.create_task(feed.run())
        try:
            with self._console.status("Starting a gateway and two workers"):
                traffic = await self._begin(session, simulator, seed, feeding)
            self._installation.supervise(self._post_events)
            await self._live(simulator, traffic, feeding, seconds)
        finally:
            await stopped(feeding)

    async def _lay_ground(self) -> None:
        self._print(f"Kafka at {self._settings.bootstrap}")
        await topics.apply(self._settings)
        if self._broker is None:
            await require_unused(self._settings)
        self._print("topics")
        await self._installation.start()

    async def _begin(
        self,
        session: aiohttp.ClientSession,
        simulator: Simulator,
        seed: int,
        feeding: asyncio.Task[None],
    ) -> Traffic:
        """Wait for the processes, tell them the past, and wait for the first KPI."""
        traffic = Traffic(seed, self._settings.clock(), self._calendar, self._settings.currency)
        await self._installation.gateway.ready(session)
        self._print(f"gateway at {self._installation.places.gateway}")
        await simulator.post_history(traffic)
        self._print(f"three weeks of the past: {simulator.counts.posted:,} events posted")
        for worker in self._installation.workers:
            await worker.ready(session)
        self._print("two workers")
        deadline = time.monotonic() + FIRST_KPI_SECONDS
        while self._values.get("lead_count", MONTH, self._settings.clock()) is None:
            if feeding.done():
                feeding.result()
            if time.monotonic() > deadline:
                said = "\n".join(worker.last_lines() for worker in self._installation.workers)
                raise StartError(f"no KPI within {FIRST_KPI_SECONDS:.0f} s:\n{said}")
            await asyncio.sleep(POLL_SECONDS)
        self._print("first KPIs")
        return traffic

    async def _live(
        self,
        simulator: Simulator,
        traffic: Traffic,
        feeding: asyncio.Task[None],
        seconds: float | None,
    ) -> None:
        """Let it all run until the time is up; raises what any part raises."""
        self._live_since = time.monotonic()
        for line in self._installation.places.lines():
            self._console.print(line, markup=False, soft_wrap=True)
        clock, places = self._settings.clock, self._installation.places
        parts = [
            asyncio.create_task(simulator.post_live(traffic, clock)),
            asyncio.create_task(show(self._console, self._values, places, self._pulse, clock)),
            asyncio.create_task(self._supervise()),
        ]
        try:
            done, _ = await asyncio.wait(
                {*parts, feeding}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for part in done:
                part.result()
        finally:
            await stopped(*parts)
            self._live_for = time.monotonic() - self._live_since
        self._print("waiting until every event is in the KPIs")
        self._is_settled = (await await_settled(self._settings, SETTLEMENT_SECONDS)).is_settled
        # What is visible by then is read with the next polls.
        await asyncio.sleep(LAST_READ_SECONDS)

    async def _supervise(self) -> None:
        """See when the past is in the KPIs; then raise BrokerError should the broker end."""
        found = await await_settled(self._settings, CATCH_UP_SECONDS)
        self._is_catching_up = not found.is_settled
        while self._broker is None or self._broker.is_running:
            await asyncio.sleep(1)
        self._check_broker()

    @asynccontextmanager
    async def _blaming_the_broker(self) -> AsyncIterator[None]:
        """Turn whatever is raised once the broker has ended by itself into a BrokerError."""
        try:
            yield
        except (Fatal, KafkaError, RequestRefused) as error:
            # Its connections break a moment before its end is known.
            await asyncio.sleep(1)
            self._check_broker(error)
            raise

    def _check_broker(self, error: Exception | None = None) -> None:
        if self._broker is not None and not self._broker.is_running:
            last = last_lines(self._broker.data / "kafka.log", 0)
            raise BrokerError(f"Kafka has ended by itself\n{last}") from error

    async def _sum_up(self, session: aiohttp.ClientSession) -> None:
        """Print what was seen."""
        pulse = self._pulse()
        health = await self._installation.health(session)
        say = self._console.print
        say(f"\nSeen in {pulse.seconds:.0f} s of live traffic:", style="bold")
        say(snapshot(self._values, pulse, self._settings.clock()), markup=False, soft_wrap=True)
        say(
            f"  {self._values.received:,} records read from sales.kpis,"
            f" {self._counts.retries} posts repeated"
        )
        if self._is_settled is not None:
            answer = "yes" if self._is_settled else f"not after {SETTLEMENT_SECONDS:.0f} s"
            say(f"  every event posted is in these KPIs: {answer}")
        for child in self._installation.children:
            well = "ok" if health[child.name] else "NOT WELL"
            say(f"  {child.name}: {well}, {child.restarts} restarts")

    def _posted(self, event: EventData, at: float | None) -> None:
        # What waits behind the past would be timed with it.
        self._latency.posted(event, None if self._is_catching_up else at)

    def _pulse(self) -> Pulse:
        now = time.monotonic()
        begun = now if self._live_since is None else self._live_since
        counts = self._counts
        text, said = self._notice
        return Pulse(
            seconds=now - begun if self._live_for is None else self._live_for,
            rate=self._rate.at(now, counts.posted),
            posted=counts.posted,
            duplicates=counts.duplicates,
            corrections=counts.corrections,
            late=counts.late,
            latency_ms=self._latency.median_ms,
            is_catching_up=self._is_catching_up,
            notice=text if now - said < NOTICE_SECONDS else "",
        )

    def _print(self, what: str) -> None:
        """Print a step of the start with the time it was reached at."""
        self._console.print(f"{time.monotonic() - self._began:5.1f} s  {what}", markup=False)

    def _post_events(self, what: str) -> None:
        """Bring something to notice while the screen is on."""
        self._notice = (what, time.monotonic())
        if not self._console.is_alt_screen:
            self._print(what)


async def require_unused(settings: Settings) -> None:
    """Raise StartError if there are events already: invented ones must not mix with them."""
    partitions = [
        TopicPartition(topic, number)
        for topic in SOURCE_TOPICS
        for number in range(settings.partitions)
    ]
    first = await beginnings(settings, partitions)
    last = await ends(settings, partitions)
    used = sorted({p.topic for p in partitions if last[p] > first[p]})
    if used:
        raise StartError(
            f"{settings.bootstrap} has events in {', '.join(used)}, and the demo would mix its"
            " invented ones with them: give it an empty Kafka, or none for one of its own"
        )
