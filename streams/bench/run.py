"""`make bench`: the whole way on an embedded Kafka, beside the plain Faust way of one KPI."""

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from streams.bench.latency import (
    RATES,
    Waits,
    latencies,
    percentiles,
)
from streams.bench.plain import (
    GROUP,
    PARTITIONS,
    TOPIC,
)
from streams.bench.processes import (
    BenchFailed,
    running,
    worker,
)
from streams.bench.workload import (
    backlog,
    lines,
    organisation,
)
from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled
from streams.kafka import topics
from streams.operations.ingest import ingest

PLAIN_SECONDS = 120.0
BACKLOG_DAYS = 2
REPEATS = 3
# Leads of the latency rounds are none of the backlogs'.
LATENCY_SEEDS = 100
Percentiles = tuple[float, float]


def run_bench(events: int, seconds: float) -> None:
    """Print events/s of workers and of plain Faust, then p50 and p99 at steady rates.

    The machine is noisy, so each is done in rounds, and the medians are what counts. Workers and
    plain Faust read a backlog that is there before they start; the clock runs from the worker's
    being ready until its last output is committed, for plain Faust from its first counted event.
    """
    console = Console()
    # The table's topic is asked for until plain Faust has made it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="sales-kpis-bench-") as folder:
        compare_throughput(console, Path(folder), events)
        compare_latency(console, Path(folder), seconds)


def compare_throughput(console: Console, folder: Path, events: int) -> None:
    """Print events/s of one process, of one for each processor, and of plain Faust."""
    rates, shared, plain = [], [], []
    processes = os.cpu_count() or 1
    for number in range(1, REPEATS + 1):
        console.print(f"round {number} of {REPEATS}: {events:,} events of {BACKLOG_DAYS} days")
        rates.append(throughput(folder, number, events))
        console.print(f"  worker of one process, every KPI  {rates[-1]:>10,.0f} events/s")
        shared.append(throughput(folder, number, events, processes))
        console.print(
            f"  worker --processes {processes}, every KPI   {shared[-1]:>10,.0f} events/s"
        )
        plain.append(plain_faust(folder, number, events))
        console.print(f"  plain Faust, call_count alone     {plain[-1]:>10,.0f} events/s")
    ratio = median(rates) / median(plain)
    console.print(
        f"[bold]median: {median(rates):,.0f} events/s with every KPI,"
        f" {median(shared):,.0f} with {processes} processes;"
        f" plain Faust {median(plain):,.0f} with one KPI; {ratio:.1f} times[/bold]"
    )


def compare_latency(console: Console, folder: Path, seconds: float) -> None:
    """Print p50 and p99 from produce to the committed KPI, of all and of reps, at each rate."""
    found: defaultdict[tuple[int, str], list[Percentiles]] = defaultdict(list)
    for number in range(1, REPEATS + 1):
        console.print(f"round {number} of {REPEATS}: {seconds:g} s at each rate")
        for rate, waits in latency(folder, number, seconds).items():
            for whose, each in (("of all", waits.of_all), ("of a rep", waits.of_reps)):
                p50, p99 = percentiles(each)
                found[rate, whose].append((p50, p99))
                console.print(
                    f"  {rate:>5,} events/s, {whose:8}  p50 {p50:>6,.0f} ms, p99 {p99:>6,.0f} ms"
                    f" ({len(each):,} leads)"
                )
    for (rate, whose), rounds in found.items():
        p50, p99 = (median(values) for values in zip(*rounds, strict=True))
        console.print(
            f"[bold]median at {rate:,} events/s, from produce to the committed KPI {whose}:"
            f" p50 {p50:,.0f} ms, p99 {p99:,.0f} ms[/bold]"
        )


def filled(broker: EmbeddedKafka, folder: Path, events: int, seed: int) -> Settings:
    """Give a Kafka with topics and a backlog."""
    settings = Settings(bootstrap=broker.bootstrap)
    asyncio.run(topics.apply(settings))
    file = folder / "backlog.jsonl"
    told = backlog(seed, events, time.time_ns() // 1_000_000, BACKLOG_DAYS)
    file.write_bytes(lines([*organisation(), *told]))
    ingest(file, settings, Console(quiet=True))
    return settings


def throughput(folder: Path, seed: int, events: int, processes: int = 1) -> float:
    """Give the events/s of a worker that finds a backlog."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        settings = filled(broker, folder, events, seed)
        environment = {"SALES_KPIS_BOOTSTRAP": broker.bootstrap}
        with worker(folder / "worker.log", environment, processes) as ready:
            behind = asyncio.run(await_settled(settings, 600))
            if not behind.is_settled:
                raise BenchFailed(f"not settled: {behind}")
            return events / (time.monotonic() - ready)


def plain_faust(folder: Path, seed: int, events: int) -> float:
    """Give the events/s at which plain Faust counts the calls of the same backlog."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        filled(broker, folder, events, seed)
        command = [
            sys.executable,
            "-m",
            "streams.bench.plain",
            broker.bootstrap,
            str(folder / f"faust-{seed}"),
        ]
        with running(command, folder / "plain.log", {}) as child:
            try:
                return asyncio.run(counted(broker.bootstrap, PLAIN_SECONDS))
            except TimeoutError:
                log = (folder / "plain.log").read_text()[-2000:]
                state = "ended" if child.poll() is not None else "was too slow"
                raise BenchFailed(f"plain Faust {state}:\n{log}") from None


async def counted(bootstrap: str, seconds: float) -> float:
    """Follow the changelog of the plain table: one record a counted event."""
    changelog = f"{GROUP}-call_count-changelog"
    sources = [TopicPartition(TOPIC, p) for p in range(PARTITIONS)]
    tables = [TopicPartition(changelog, p) for p in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        deadline = time.monotonic() + seconds
        total = sum((await consumer.end_offsets(sources)).values())
        begun: tuple[float, int] | None = None
        while time.monotonic() < deadline:
            done = await written(consumer, tables)
            if done and begun is None:
                begun = (time.monotonic(), done)
            if begun and done >= total:
                counted_since: float = (total - begun[1]) / (time.monotonic() - begun[0])
                return counted_since
            await asyncio.sleep(0.02)
        raise TimeoutError
    finally:
        await consumer.stop()


async def written(consumer: AIOKafkaConsumer, tables: list[TopicPartition]) -> int:
    """Count the records of a changelog that may not be there yet."""
    try:
        return sum((await consumer.end_offsets(tables)).values())
    except Exception as error:
        if "UnknownTopic" in type(error).__name__ or "Timeout" in type(error).__name__:
            return 0
        raise


def latency(folder: Path, number: int, seconds: float) -> dict[int, Waits]:
    """Give the waits at one worker under steady loads, after a small backlog, by events/s."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        settings = filled(broker, folder, 2_000, LATENCY_SEEDS)
        environment = {"SALES_KPIS_BOOTSTRAP": broker.bootstrap}
        with worker(folder / "worker.log", environment):
            found = {}
            for seed, rate in enumerate(RATES, LATENCY_SEEDS + number * len(RATES)):
                asyncio.run(await_settled(settings, 120))
                found[rate] = asyncio.run(latencies(settings, rate, seconds, seed))
            return found
