"""Plain Faust, to compare with: the calls of the same backlog in a Faust table."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.bench.bench import Bench
from streams.bench.meter import RATE
from streams.bench.parts.plain import PARTITIONS, TABLE, TOPIC
from streams.bench.parts.throughput import fill
from streams.bench.processes import BenchFailed, plain_faust

TIMEOUT_SECONDS = 600.0
POLL_SECONDS = 0.02
CASE = f"{TABLE} alone"


def measure(bench: Bench) -> None:
    """Measure calls/s of plain Faust, from the first call that it has counted."""
    options = bench.options
    for seed in range(1, options.repeats + 1):
        fill(bench, options.events, seed)
        with bench.steps.step(f"faust, {CASE}"):
            rate = measure_table(bench, f"bench-faust-{seed}")
        bench.add("faust", CASE, {RATE: rate})


def measure_table(bench: Bench, group: str) -> float:
    """Return the events/s at which a group of its own counts the calls."""
    installation, folder = bench.installation, bench.installation.folder
    bootstrap = installation.settings.bootstrap
    with plain_faust(bootstrap, group, folder / group, folder / "plain.log") as child:
        try:
            return asyncio.run(rate_of_table(bootstrap, group))
        except TimeoutError:
            state = "was too slow" if child.is_running else "ended"
            raise BenchFailed(f"plain Faust {state}:\n{child.last_lines()}") from None


async def rate_of_table(bootstrap: str, group: str) -> float:
    """Return the events/s of the table: its changelog has one record per event."""
    changelog = f"{group}-{TABLE}-changelog"
    sources = [TopicPartition(TOPIC, p) for p in range(PARTITIONS)]
    tables = [TopicPartition(changelog, p) for p in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        total = sum((await consumer.end_offsets(sources)).values())
        begun: tuple[float, int] | None = None
        while time.monotonic() < deadline:
            done = await record_count(consumer, tables)
            if done and begun is None:
                begun = (time.monotonic(), done)
            if begun and done >= total:
                rate: float = (total - begun[1]) / (time.monotonic() - begun[0])
                return rate
            await asyncio.sleep(POLL_SECONDS)
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
