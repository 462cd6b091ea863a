"""One run: start all processes, send events and cause faults, wait for the end, compare."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port
from streams.config.settings import Settings, instant
from streams.kafka import topics
from streams.process.cancellation import ended
from tests.chaos import verdict as judging
from tests.chaos.children import Child
from tests.chaos.load import load
from tests.chaos.plan import (
    NOW,
    TIMEZONE,
    Plan,
)
from tests.chaos.producers import SECRET, VARIABLE
from tests.chaos.proxy import Proxy
from tests.chaos.report import recovery
from tests.chaos.sending import Sending
from tests.chaos.torment import Torment
from tests.chaos.verdict import Verdict
from tests.chaos.waits import where_tasks_wait
from tests.chaos.watching import Watcher

CLI = "streams.cli"
SETTLED_SECONDS = 240.0
START_RATE = 200.0
# A run that takes longer is stuck: several times what one on a busy machine takes.
SECONDS_A_FAULT, SLOWEST_RATE = 60.0, 50.0


@dataclass
class Scene:
    """All parts of a run."""

    plan: Plan
    folder: Path
    settings: Settings
    broker: EmbeddedKafka
    proxy: Proxy
    watcher: Watcher
    sending: Sending
    torment: Torment

    @property
    def environment(self) -> dict[str, str]:
        """The settings as environment variables."""
        return {
            "SALES_KPIS_BOOTSTRAP": self.settings.bootstrap,
            "SALES_KPIS_NOW": NOW,
            "SALES_KPIS_TIMEZONE": TIMEZONE,
            "SALES_KPIS_PARTITIONS": str(self.plan.partitions),
            "SALES_KPIS_SNAPSHOT_INTERVAL_S": "1",
            "SALES_KPIS_HORIZON_DAYS": str(self.plan.horizon_days),
            "SALES_KPIS_GATEWAY_PORT": str(self.settings.gateway_port),
            VARIABLE: SECRET,
        }

    async def command(self, *arguments: str, out: Path | None = None) -> int:
        """Run one of the product's commands to its end."""
        with (out or self.folder / "commands.out").open("wb") as output:
            with (self.folder / "commands.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    CLI,
                    *arguments,
                    stdout=output,
                    stderr=log,
                    env={**os.environ, **self.environment},
                )
            return await process.wait()


async def run(
    plan: Plan, folder: Path, mutant: str = "", report_fault: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Carry out a plan and return the report; `wrong` in it is empty if all is exact.

    `report_fault` is called with every fault as it begins.
    """
    began = time.monotonic()
    async with scene(plan, folder) as play:
        play.torment.report = report_fault
        started = time.monotonic()
        populate(play, mutant)
        watching = asyncio.create_task(play.watcher.run())
        try:
            found = await send_and_break(play)
            sent_s = time.monotonic() - started
            if not found.wrong:
                found = await judge(play)
        finally:
            servers = play.torment.gateway, play.torment.translator
            for child in [*play.torment.workers, *servers]:
                if child is not None:
                    await child.stop()
            await ended(watching)  # its failure is a failure of the run
    found.wrong += [f"reader: {what}" for what in play.watcher.violations]
    return report(play, found, mutant, sent_s, time.monotonic() - began)


@contextlib.asynccontextmanager
async def scene(plan: Plan, folder: Path) -> AsyncIterator[Scene]:
    """Start Kafka with its topics, and the proxy to it."""
    console = Console(stderr=True, quiet=True)
    broker = EmbeddedKafka(data=folder / "kafka", console=console)
    await asyncio.to_thread(broker.start)
    proxy = Proxy(broker.host, broker.port)
    try:
        settings = Settings(
            bootstrap=broker.bootstrap,
            partitions=plan.partitions,
            gateway_port=free_port(broker.host),
        )
        await topics.apply(settings)
        await proxy.open()
        watcher = Watcher(settings)
        sending = Sending(load(plan), settings, folder / "accepted.jsonl", START_RATE)
        torment = Torment(plan, broker, proxy, watcher, sending)
        yield Scene(plan, folder, settings, broker, proxy, watcher, sending, torment)
    finally:
        await proxy.close()
        await asyncio.to_thread(broker.stop)


def populate(play: Scene, mutant: str) -> None:
    """Start gateway, translation and workers under supervisors; the last worker is a spare."""
    worker = ["tests.chaos.worker", str(play.proxy.port)]
    command = [*worker, mutant] if mutant else worker
    torment = play.torment

    def prepare(child: Child) -> dict[str, str]:
        if child not in torment.workers:
            return play.environment
        return {**play.environment, "SALES_KPIS_FAILPOINT": torment.next_failpoint()}

    torment.gateway = Child(
        "gateway", [CLI, "gateway"], play.folder / "gateway.log", prepare, torment.on_end
    )
    torment.translator = Child(
        "translate", [CLI, "translate"], play.folder / "translate.log", prepare, torment.on_end
    )
    for number in range(play.plan.workers + 1):
        name = f"worker-{number}"
        torment.workers.append(
            Child(name, command, play.folder / f"{name}.log", prepare, torment.on_end)
        )
    for child in (torment.gateway, torment.translator, *torment.workers[:-1]):
        child.start()


async def send_and_break(play: Scene) -> Verdict:
    """Send all events and cause all faults; the verdict is wrong if that did not end in time."""
    found = Verdict()
    limit_s = len(play.plan.faults) * SECONDS_A_FAULT + play.plan.events / SLOWEST_RATE
    try:
        async with asyncio.timeout(limit_s), asyncio.TaskGroup() as both:
            both.create_task(play.sending.run())
            both.create_task(play.torment.run())
    except TimeoutError:
        found.wrong.append(
            f"not through after {limit_s:.0f} s: {play.sending.sent} events accepted,"
            f" faults so far: {dict(play.torment.counts)}"
        )
        found.waits = await where_tasks_wait(play.torment.workers)
    return found


async def judge(play: Scene) -> Verdict:
    """Wait until all is published, and compare."""
    found = Verdict()
    live, replayed = play.folder / "live.jsonl", play.folder / "replayed.jsonl"
    accepted = play.folder / "accepted.jsonl"
    if await play.command("status", "--wait", "--timeout", str(SETTLED_SECONDS)):
        behind = (play.folder / "commands.out").read_text()
        found.wrong.append(f"not settled after {SETTLED_SECONDS:g} s: {behind}")
        found.waits = await where_tasks_wait(play.torment.workers)
        return found
    if await play.command("dump", out=live) or await play.command(
        "replay", str(accepted), out=replayed
    ):
        found.wrong.append(f"dump or replay failed: {play.folder / 'commands.log'}")
        return found
    judging.compare(found, live, replayed)
    # Workers, which need the proxy of this process, live on meanwhile.
    await asyncio.to_thread(
        judging.ask_oracle, found, live, accepted, instant(NOW, "NOW"), TIMEZONE
    )
    judging.check_dead_letters(found, *await judging.poison_and_dead_letters(play.settings))
    judging.check_logs(found, (worker.log for worker in play.torment.workers if worker.runs))
    return found


def report(
    play: Scene, found: Verdict, mutant: str, sent_s: float, total_s: float
) -> dict[str, Any]:
    """Return the report of a run."""
    sending, torment = play.sending, play.torment
    return {
        "title": f"seed {play.plan.seed}" + (f", mutant: {mutant}" if mutant else ""),
        "events accepted": sending.sent,
        "events of librdkafka's default partitioner": sending.librdkafka.events,
        "events of signed webhooks": sending.webhooks.accepted,
        "webhooks sent again": sending.webhooks.refused,
        "requests": sending.attempts,
        "requests sent again": sending.refused,
        "transactions of a sender": sending.transactions,
        "poisoned records": len(sending._load.poison),
        "dead letters": found.dead_letters,
        "records compared": found.records,
        "records seen by the reader": play.watcher.records,
        "records of the oracle": found.oracle_records,
        "event sets that left memory": play.watcher.copies,
        "faults": dict(torment.counts),
        "killed at": {k: v for k, v in torment.ends.items() if "_" in k},
        "processes ended": {k: v for k, v in torment.ends.items() if "_" not in k},
        "recovery": recovery(play.watcher.recoveries),
        "events/s while breaking": round(sending.sent / sending.seconds) if sending.seconds else 0,
        "seconds until sent and broken": round(sent_s, 1),
        "seconds in all": round(total_s, 1),
        "waits": found.waits,
        "wrong": found.wrong,
    }
