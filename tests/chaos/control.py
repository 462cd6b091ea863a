"""The negative control: a stock Faust table under three SIGKILLs is expected to be wrong.

`python -m tests.chaos.control`: calls come in at a steady rate, one worker counts them by rep,
is killed three times, and gets all the time it wants afterwards. Right is one count a record.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import click
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from rich.console import Console

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.kafka.reader import ends, read_to
from tests.chaos.children import Child
from tests.chaos.plain_counter import (
    PARTITIONS,
    TOPIC,
    changelog,
    group,
)

GUARANTEES = ("at_least_once", "exactly_once")
KILLS = 3
KILL_EVERY_SECONDS = 15.0
CALLS_A_SECOND = 200
REPS = 12
SLICE_SECONDS = 0.05
POLL_SECONDS = 1.0
# Longer than Faust's commit interval, a session's end and a restore together.
UNCHANGED_SECONDS = 30.0
LIMIT_SECONDS = 240.0


async def produce(bootstrap: str, calls: int) -> None:
    """Write calls at a steady rate, rep after rep."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        for number in range(calls):
            event = {"id": f"e{number}", "type": "call.ended", "rep": f"rep-{number % REPS}"}
            partition = number % PARTITIONS
            await producer.send(TOPIC, orjson.dumps(event), partition=partition)
            if number % round(CALLS_A_SECOND * SLICE_SECONDS) == 0:
                await asyncio.sleep(SLICE_SECONDS)


async def counted(settings: Settings, guarantee: str) -> int:
    """Add up the table as Faust has it in its changelog, as a committed reader sees it."""
    places = [TopicPartition(changelog(guarantee), number) for number in range(PARTITIONS)]
    current: dict[tuple[int, bytes], int] = {}
    async for partition, records in read_to(settings, await ends(settings, places, committed=True)):
        for record in records:
            if record.value is not None:
                current[partition.partition, record.key] = orjson.loads(record.value)
    return sum(current.values())


async def is_read(settings: Settings, guarantee: str) -> bool:
    """Tell whether Faust has committed the end of every partition."""
    places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    wanted = await ends(settings, places)
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, group_id=group(guarantee), enable_auto_commit=False
    ) as consumer:
        found = [await consumer.committed(partition) or 0 for partition in places]
    return all(done >= wanted[partition] for partition, done in zip(places, found, strict=True))


async def settled(settings: Settings, guarantee: str) -> int:
    """Wait until Faust has read everything and counts no more, or for some minutes."""
    loop = asyncio.get_running_loop()
    deadline, unchanged_since, last = loop.time() + LIMIT_SECONDS, loop.time(), -1
    while loop.time() < deadline:
        total = await counted(settings, guarantee)
        if total != last:
            last, unchanged_since = total, loop.time()
        is_unchanged = loop.time() - unchanged_since > UNCHANGED_SECONDS
        if is_unchanged and await is_read(settings, guarantee):
            break
        await asyncio.sleep(POLL_SECONDS)
    return last


async def control(guarantee: str, calls: int, folder: Path) -> int:
    """Run one guarantee; give what was counted."""
    broker = EmbeddedKafka(console=Console(stderr=True, quiet=True))
    await asyncio.to_thread(broker.start)
    try:
        settings = Settings(bootstrap=broker.bootstrap)
        await create(settings, guarantee)
        command = ["tests.chaos.plain_counter", broker.bootstrap]
        worker = Child(
            guarantee,
            [*command, guarantee, str(folder)],
            folder / f"{guarantee}.log",
            prepare=lambda _: {},
            on_end=lambda _, __: None,
        )
        worker.start()
        producing = asyncio.create_task(produce(broker.bootstrap, calls))
        for _ in range(KILLS):
            await asyncio.sleep(KILL_EVERY_SECONDS)
            worker.kill()
        await producing
        total = await settled(settings, guarantee)
        await worker.stop()
    finally:
        await asyncio.to_thread(broker.stop)
    return total


async def create(settings: Settings, guarantee: str) -> None:
    """Make source and changelog beforehand: Faust would ignore topics that come later."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        compacted = {"cleanup.policy": "compact"}
        await admin.create_topics(
            [
                NewTopic(TOPIC, PARTITIONS, 1),
                NewTopic(changelog(guarantee), PARTITIONS, 1, topic_configs=compacted),
            ]
        )
    finally:
        await admin.close()


@click.command()
@click.option("--calls", default=12_000, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Keep logs here.")
def main(calls: int, folder: Path | None) -> None:
    """Exit 0 if the stock table is wrong in at least one guarantee: the control works."""
    totals = {}
    with tempfile.TemporaryDirectory(prefix="control-") as temporary:
        logs = folder or Path(temporary)
        logs.mkdir(parents=True, exist_ok=True)
        for guarantee in GUARANTEES:
            totals[guarantee] = asyncio.run(control(guarantee, calls, logs))
            click.echo(
                f"{guarantee}: {calls} records, {KILLS} SIGKILLs, counted {totals[guarantee]}"
                f" ({totals[guarantee] - calls:+d})"
            )
    sys.exit(all(total == calls for total in totals.values()))


if __name__ == "__main__":
    main()
