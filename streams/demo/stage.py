"""The course of one demo: its start, the live part and the summary."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from aiokafka.errors import KafkaError
from rich.console import Console

from streams.broker.embedded import EmbeddedKafka
from streams.broker.storage import BrokerError
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.demo.installation import Installation
from streams.demo.service import StartError
from streams.demo.simulation.company import EventData
from streams.demo.simulation.retries import RequestRefused
from streams.demo.simulation.simulator import Counts, Simulator
from streams.demo.simulation.traffic import Traffic
from streams.demo.simulation.wire.routing import SOURCES
from streams.demo.sources import post
from streams.demo.terminal.refresh import Rate, show
from streams.demo.terminal.screen import (
    MONTH,
    Pulse,
    snapshot,
)
from streams.demo.terminal.shown_values import Arrivals, LatencyMeter, ShownValues
from streams.demo.unused import require_unused
from streams.internal_topics.progress import await_settled
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.operations.sources.backlog import await_translated
from streams.output.reader import Feed
from streams.process.cancellation import ended, stopped
from streams.wiring.catalogue import catalogue

FIRST_KPI_SECONDS = 60.0
CATCH_UP_SECONDS = 300.0
SETTLEMENT_SECONDS = 20.0
NOTICE_SECONDS = 15.0
LAST_READ_SECONDS = 0.5
FIRST_KPI_POLL_SECONDS = 0.05
BROKER_POLL_SECONDS = 1.0


class Script(NamedTuple):
    """What is played: seconds of live traffic, None until it is stopped; the company; its past."""

    seconds: float | None
    seed: int
    days: int


class Stage:
    """One run of the demo on a Kafka that answers.

    `began` is when the program was started, in monotonic seconds. `show_page` is called with the
    page's address once there is something to see.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        console: Console,
        broker: EmbeddedKafka | None,
        began: float,
        show_page: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._show_page = show_page
        self._console = console
        self._broker = broker
        self._began = began
        calendar = catalogue(settings, rules).calendar
        self._calendar = calendar
        self._values = ShownValues(calendar)
        self._latency = LatencyMeter(calendar)
        self._installation = Installation(settings)
        self._rate = Rate()
        self._live_since: float | None = None
        self._live_for: float | None = None
        self._notice = ("", 0.0)
        self._counts = Counts()
        self._is_catching_up = True
        self._is_settled: bool | None = None

    async def play(self, script: Script, stop: asyncio.Event) -> None:
        """Run to the end of the script, or until `stop` is set; leave nothing running.

        Raises StartError, RequestRefused, BrokerError, Fatal or KafkaError.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            async with aiohttp.ClientSession() as session:
                acting = asyncio.create_task(self._act(session, script))
                await asyncio.wait({acting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                async with self._broker_errors():
                    await ended(acting)
                if self._live_since is not None:
                    await self._summarise(session)
        finally:
            stopping.cancel()
            self._print("ending")
            await self._installation.stop()

    async def _act(self, session: aiohttp.ClientSession, script: Script) -> None:
        simulator = Simulator(
            session,
            self._installation.addresses.gateway + "/events",
            self._settings.token,
            self._on_posted,
        )
        self._counts = simulator.counts
        await self._prepare()
        feed = Feed(self._settings, self._values, Arrivals(self._latency))
        feeding = asyncio.create_task(feed.run())
        try:
            with self._console.status("Starting a gateway and two workers"):
                traffic = await self._begin(session, simulator, script, feeding)
            self._installation.start_translation()
            self._installation.supervise(self._notify)
            posting = post(session, self._installation, simulator, traffic)
            await self._live(posting, feeding, script.seconds)
        finally:
            await stopped(feeding)

    async def _prepare(self) -> None:
        self._print(f"page at {self._installation.addresses.page}, in a few seconds")
        self._print(f"Kafka at {self._settings.bootstrap}")
        await topics.apply(self._settings)
        if self._broker is None:
            await require_unused(self._settings)
        self._print("topics")
        self._installation.start()

    async def _begin(
        self,
        session: aiohttp.ClientSession,
        simulator: Simulator,
        script: Script,
        feeding: asyncio.Task[None],
    ) -> Traffic:
        """Wait for the processes, post the history, and wait for the first KPI."""
        begin, currency = self._settings.clock(), self._settings.currency
        traffic = Traffic(script.seed, begin, self._calendar, currency, script.days)
        await self._installation.gateway.await_healthy(session)
        self._print(f"gateway at {self._installation.addresses.gateway}")
        await simulator.post_history(traffic)
        self._print(f"{script.days} days of history: {simulator.counts.posted:,} events posted")
        for worker in self._installation.workers:
            await worker.await_healthy(session)
        self._print("two workers")
        self._installation.start_page()
        deadline = time.monotonic() + FIRST_KPI_SECONDS
        while self._values.get("lead_count", MONTH, self._settings.clock()) is None:
            if feeding.done():
                feeding.result()
            if time.monotonic() > deadline:
                logged = "\n".join(worker.last_lines() for worker in self._installation.workers)
                raise StartError(f"no KPI within {FIRST_KPI_SECONDS:.0f} s:\n{logged}")
            await asyncio.sleep(FIRST_KPI_POLL_SECONDS)
        self._print("first KPIs")
        await self._installation.page.await_healthy(session)
        self._print("page")
        await asyncio.to_thread(self._show_page, self._installation.addresses.page)
        return traffic

    async def _live(
        self,
        posting: Coroutine[Any, Any, None],
        feeding: asyncio.Task[None],
        seconds: float | None,
    ) -> None:
        """Run all parts until the time is up; raises what any part raises."""
        self._live_since = time.monotonic()
        for line in self._installation.addresses.lines():
            self._console.print(line, markup=False, soft_wrap=True)
        clock, addresses = self._settings.clock, self._installation.addresses
        parts = [
            asyncio.create_task(posting),
            asyncio.create_task(show(self._console, self._values, addresses, self._pulse, clock)),
            asyncio.create_task(self._watch()),
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
        waiting = await await_translated(self._settings, SETTLEMENT_SECONDS)
        found = await await_settled(self._settings, SETTLEMENT_SECONDS)
        self._is_settled = found.is_settled and not waiting
        # Records that are visible by now are read with the next polls.
        await asyncio.sleep(LAST_READ_SECONDS)

    async def _watch(self) -> None:
        """Wait until the history is in the KPIs; then raise BrokerError if the broker ends."""
        found = await await_settled(self._settings, CATCH_UP_SECONDS)
        self._is_catching_up = not found.is_settled
        self._installation.start_history()
        while self._broker is None or self._broker.is_running:
            await asyncio.sleep(BROKER_POLL_SECONDS)
        self._check_broker()

    @asynccontextmanager
    async def _broker_errors(self) -> AsyncIterator[None]:
        """Replace errors that follow from the end of the broker by one BrokerError."""
        try:
            yield
        except (Fatal, KafkaError, RequestRefused) as error:
            # Its connections break a moment before its end is known.
            await asyncio.sleep(BROKER_POLL_SECONDS)
            self._check_broker(error)
            raise

    def _check_broker(self, error: Exception | None = None) -> None:
        if self._broker is not None and not self._broker.is_running:
            logged = self._broker.last_lines()
            raise BrokerError(f"Kafka has ended by itself\n{logged}") from error

    async def _summarise(self, session: aiohttp.ClientSession) -> None:
        """Print the last values, the counts and the health of each process."""
        pulse = self._pulse()
        health = await self._installation.health(session)
        output = self._console.print
        output(f"\nSeen in {pulse.seconds:.0f} s of live traffic:", style="bold")
        output(snapshot(self._values, pulse, self._settings.clock()), markup=False, soft_wrap=True)
        output(
            f"  {self._values.received:,} records read from sales.kpis,"
            f" {self._counts.retries} posts repeated"
        )
        output(
            f"  {self._counts.webhooks:,} webhooks of {', '.join(SOURCES)};"
            f" {self._counts.mistakes} of them cannot be translated and are dead letters"
        )
        if self._is_settled is not None:
            answer = "yes" if self._is_settled else f"not after {SETTLEMENT_SECONDS:.0f} s"
            output(f"  every event posted is in these KPIs: {answer}")
        for service in self._installation.services:
            if not service.is_started:
                output(f"  {service.name}: to be started once the workers have caught up")
                continue
            state = "ok" if health[service.name] else "NOT HEALTHY"
            output(f"  {service.name}: {state}, {service.restarts} restarts")

    def _on_posted(self, event: EventData, at: float | None) -> None:
        # While the history is processed, live events wait behind it: they are not timed.
        self._latency.posted(event, None if self._is_catching_up else at)

    def _pulse(self) -> Pulse:
        now = time.monotonic()
        begun = now if self._live_since is None else self._live_since
        counts = self._counts
        text, noticed_at = self._notice
        return Pulse(
            seconds=now - begun if self._live_for is None else self._live_for,
            rate=self._rate.at(now, counts.posted),
            posted=counts.posted,
            duplicates=counts.duplicates,
            corrections=counts.corrections,
            late=counts.late,
            latency_ms=self._latency.median_ms,
            is_catching_up=self._is_catching_up,
            notice=text if now - noticed_at < NOTICE_SECONDS else "",
        )

    def _print(self, step: str) -> None:
        """Print a step with the seconds since the start."""
        self._console.print(f"{time.monotonic() - self._began:5.1f} s  {step}", markup=False)

    def _notify(self, text: str) -> None:
        """Show a notice on the screen for a while, or print it where there is none."""
        self._notice = (text, time.monotonic())
        if not self._console.is_alt_screen:
            self._print(text)
