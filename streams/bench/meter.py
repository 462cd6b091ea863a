"""What is used and written while a worker processes events."""

import asyncio
import time
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.bench.processes import Running, cpu_s
from streams.bench.results import Quantity
from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.reader import ends, read_to

RATE = Quantity("throughput", "events/s")
CPU = Quantity("worker's CPU", "µs/event")
KAFKA_CPU = Quantity("Kafka's CPU", "µs/event")
OUTPUT = Quantity("output records", "/event")
WRITTEN = Quantity("offsets of all topics", "/event")
Counts = dict[TopicPartition, int]


class Usage(NamedTuple):
    """What some events cost.

    `output` counts the records of `sales.kpis`, `written` the offsets of all topics that workers
    write to: records and ends of transactions.
    """

    wall_s: float
    cpu_s: float
    kafka_cpu_s: float
    output: int
    written: int

    def per_event(self, events: int) -> dict[Quantity, float]:
        """Return processor times and counts for each of so many events."""
        return {
            CPU: 1e6 * self.cpu_s / events,
            KAFKA_CPU: 1e6 * self.kafka_cpu_s / events,
            OUTPUT: self.output / events,
            WRITTEN: self.written / events,
        }


class Meter:
    """Measures what is used from `start`, and what is written from the object's creation, on."""

    def __init__(self, settings: Settings, kafka: int) -> None:
        """`kafka` is the broker's process."""
        self._settings = settings
        self._kafka = kafka
        self._before: Counts = asyncio.run(written(settings))

    def start(self, worker: Running) -> None:
        """Begin to measure time."""
        self._worker = worker
        self._cpu_s, self._kafka_cpu_s = worker.cpu_s(), cpu_s(self._kafka)
        self._began = time.monotonic()

    def read(self) -> Usage:
        """Return what was used until now."""
        wall_s = time.monotonic() - self._began
        cpu, kafka_cpu = self._worker.cpu_s() - self._cpu_s, cpu_s(self._kafka) - self._kafka_cpu_s
        return Usage(wall_s, cpu, kafka_cpu, *asyncio.run(self._counts()))

    async def _counts(self) -> tuple[int, int]:
        now = await written(self._settings)
        output = {each: end for each, end in now.items() if each.topic == topics.KPIS}
        count = 0
        async for _, records in read_to(self._settings, output, self._before):
            count += len(records)
        return count, sum(now.values()) - sum(self._before.values())


async def written(settings: Settings) -> Counts:
    """Return where the topics end that workers write to."""
    names = set(topics.written(settings))
    return await ends(
        settings, [each for each in topics.all_partitions(settings) if each.topic in names]
    )
