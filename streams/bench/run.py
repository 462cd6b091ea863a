"""`make bench`: the product on an embedded Kafka, compared with one KPI in plain Faust."""

import asyncio
import logging
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from streams.bench.latency import (
    RATES,
    Latencies,
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
    plain_faust,
    worker,
)
from streams.bench.webhooks import RATE, latency_of_webhooks
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

CHOICE = """[catalogue]
kpis = ["response_time", "call_count", "deal_count", "revenue_won", "pipeline_amount"]
windows = ["day", "month", "last_30d"]
"""
PLAIN_SECONDS = 120.0
BACKLOG_DAYS = 2
REPEATS = 3
# The seeds of the latency runs differ from those of the backlogs, and so do their leads.
LATENCY_SEEDS = 100
PLAIN_POLL_SECONDS = 0.02
Percentiles = tuple[float, float]


def run_bench(events: int, seconds: float) -> None:
    """Print events/s of workers and of plain Faust, then p50 and p99 at steady rates.

    The machine is noisy, so each is repeated, and the medians are the result. Workers and plain
    Faust read a backlog that is there before they start; the clock runs from the moment the worker
    is ready until its last output is committed, for plain Faust from its first counted event.
    """
    console = Console()
    # The offsets of the table's topic are requested until plain Faust has created it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="sales-kpis-bench-") as folder:
        compare_throughput(console, Path(folder), events)
        compare_latency(console, Path(folder), seconds)


def run_bench_of_webhooks(seconds: float) -> None:
    """Print p50 and p99 from signed webhooks to the committed KPIs, at a steady rate."""
    console = Console()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory(prefix="sales-kpis-bench-") as name,
        EmbeddedKafka(console=Console(quiet=True)) as broker,
    ):
        settings = fill(broker, Path(name), 2_000, LATENCY_SEEDS)
        for number in range(1, REPEATS + 1):
            found = latency_of_webhooks(Path(name), settings, LATENCY_SEEDS + number, seconds)
            for whose, each in (("of all", found.total), ("of a rep", found.by_rep)):
                p50, p99 = percentiles(each)
                console.print(
                    f"  {RATE} webhooks/s, to the committed KPI {whose:8}"
                    f"  p50 {p50:>6,.0f} ms, p99 {p99:>6,.0f} ms ({len(each):,} leads)"
                )


def compare_throughput(console: Console, folder: Path, events: int) -> None:
    """Print events/s of one process, of one for each processor, and of plain Faust."""
    rates, shared, few, plain = [], [], [], []
    processes = os.cpu_count() or 1
    for number in range(1, REPEATS + 1):
        console.print(f"round {number} of {REPEATS}: {events:,} events of {BACKLOG_DAYS} days")
        rates.append(throughput_of_workers(folder, number, events))
        console.print(f"  worker of one process, every KPI  {rates[-1]:>10,.0f} events/s")
        shared.append(throughput_of_workers(folder, number, events, processes))
        console.print(
            f"  worker --processes {processes}, every KPI   {shared[-1]:>10,.0f} events/s"
        )
        few.append(throughput_of_workers(folder, number, events, choice=CHOICE))
        console.print(f"  worker of one process, a choice   {few[-1]:>10,.0f} events/s")
        plain.append(throughput_of_plain_faust(folder, number, events))
        console.print(f"  plain Faust, call_count alone     {plain[-1]:>10,.0f} events/s")
    ratio = median(rates) / median(plain)
    console.print(
        f"[bold]median: {median(rates):,.0f} events/s with every KPI,"
        f" {median(shared):,.0f} with {processes} processes;"
        f" {median(few):,.0f} with five KPIs in three windows;"
        f" plain Faust {median(plain):,.0f} with one KPI; {ratio:.1f} times[/bold]"
    )


def compare_latency(console: Console, folder: Path, seconds: float) -> None:
    """Print p50 and p99 from produce to the committed KPI, for all and for reps, at each rate."""
    found: defaultdict[tuple[int, str], list[Percentiles]] = defaultdict(list)
    for number in range(1, REPEATS + 1):
        console.print(f"round {number} of {REPEATS}: {seconds:g} s at each rate")
        for rate, measured in latency(folder, number, seconds).items():
            for whose, each in (("of all", measured.total), ("of a rep", measured.by_rep)):
                p50, p99 = percentiles(each)
                found[rate, whose].append((p50, p99))
                console.print(
                    f"  {rate:>5,} events/s, {whose:8}  p50 {p50:>6,.0f} ms, p99 {p99:>6,.0f} ms"
                    f" ({len(each):,} leads)"
                )
    for (rate, whose), repeats in found.items():
        p50, p99 = (median(values) for values in zip(*repeats, strict=True))
        console.print(
            f"[bold]median at {rate:,} events/s, from produce to the committed KPI {whose}:"
            f" p50 {p50:,.0f} ms, p99 {p99:,.0f} ms[/bold]"
        )


def fill(broker: EmbeddedKafka, folder: Path, events: int, seed: int) -> Settings:
    """Create the topics, send a backlog to them and return the settings of this Kafka."""
    settings = Settings(bootstrap=broker.bootstrap)
    asyncio.run(topics.apply(settings))
    file = folder / "backlog.jsonl"
    history = backlog(seed, events, time.time_ns() // 1_000_000, BACKLOG_DAYS)
    file.write_bytes(lines([*organisation(), *history]))
    ingest(file, settings, Console(quiet=True))
    return settings


def throughput_of_workers(
    folder: Path, seed: int, events: int, processes: int = 1, choice: str = ""
) -> float:
    """Return the events/s of a worker that starts with a backlog; `choice` is its rules file."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        settings = fill(broker, folder, events, seed)
        environment = {"SALES_KPIS_BOOTSTRAP": broker.bootstrap}
        if choice:
            rules = folder / "rules.toml"
            rules.write_text(choice)
            environment["SALES_KPIS_RULES"] = str(rules)
        with worker(folder / "worker.log", environment, processes) as ready:
            behind = asyncio.run(await_settled(settings, 600))
            if not behind.is_settled:
                raise BenchFailed(f"not settled: {behind}")
            return events / (time.monotonic() - ready)


def throughput_of_plain_faust(folder: Path, seed: int, events: int) -> float:
    """Return the events/s at which plain Faust counts the calls of the same backlog."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        fill(broker, folder, events, seed)
        data, log = folder / f"faust-{seed}", folder / "plain.log"
        with plain_faust(broker.bootstrap, data, log) as child:
            try:
                return asyncio.run(rate_of_table(broker.bootstrap, PLAIN_SECONDS))
            except TimeoutError:
                state = "was too slow" if child.is_running else "ended"
                raise BenchFailed(f"plain Faust {state}:\n{child.last_lines()}") from None


async def rate_of_table(bootstrap: str, seconds: float) -> float:
    """Return the events/s of the plain table: its changelog has one record per event."""
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
            done = await record_count(consumer, tables)
            if done and begun is None:
                begun = (time.monotonic(), done)
            if begun and done >= total:
                rate: float = (total - begun[1]) / (time.monotonic() - begun[0])
                return rate
            await asyncio.sleep(PLAIN_POLL_SECONDS)
        raise TimeoutError
    finally:
        await consumer.stop()


async def record_count(consumer: AIOKafkaConsumer, tables: list[TopicPartition]) -> int:
    """Return the number of records of a changelog, 0 while it does not exist."""
    try:
        return sum((await consumer.end_offsets(tables)).values())
    except Exception as error:
        if "UnknownTopic" in type(error).__name__ or "Timeout" in type(error).__name__:
            return 0
        raise


def latency(folder: Path, number: int, seconds: float) -> dict[int, Latencies]:
    """Return the latencies of one worker under steady loads, after a small backlog, by events/s."""
    with EmbeddedKafka(console=Console(quiet=True)) as broker:
        settings = fill(broker, folder, 2_000, LATENCY_SEEDS)
        environment = {"SALES_KPIS_BOOTSTRAP": broker.bootstrap}
        with worker(folder / "worker.log", environment):
            found = {}
            for seed, rate in enumerate(RATES, LATENCY_SEEDS + number * len(RATES)):
                asyncio.run(await_settled(settings, 120))
                found[rate] = asyncio.run(latencies(settings, rate, seconds, seed))
            return found
