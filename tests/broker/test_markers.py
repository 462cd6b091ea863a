"""A transaction that was committed while a broker of its partitions was away becomes visible."""

import asyncio
import contextlib
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from rich.console import Console

from streams.broker.embedded import EmbeddedKafka, runtime
from streams.broker.ports import free_port
from streams.broker.properties import SINGLE_NODE

SESSION_SECONDS = int(SINGLE_NODE["broker.session.timeout.ms"]) / 1_000
PATIENCE_SECONDS = 60.0
TOPIC, PLACE = "second_broker", TopicPartition("second_broker", 0)


class SecondBroker:
    """A further broker of an embedded Kafka's cluster; may be started and killed repeatedly."""

    def __init__(self, first: EmbeddedKafka, folder: Path) -> None:
        """Format its storage beside that of the first."""
        self.port = free_port(first.host, but=(first.port,))
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "storage").mkdir(parents=True)
        of_first = (first.data / "storage" / "meta.properties").read_text()
        of_this = re.sub(r"directory\.id=.*\n", "", of_first.replace("node.id=1", "node.id=2"))
        (folder / "storage" / "meta.properties").write_text(of_this)
        configured = (first.data / "server.properties").read_text()
        own = {
            "process.roles": "broker",
            "node.id": "2",
            "listeners": f"CLIENT://{first.host}:{self.port}",
            "advertised.listeners": f"CLIENT://{first.host}:{self.port}",
        }
        written = dict(line.split("=", 1) for line in configured.splitlines()) | own
        lines = (f"{name}={value}\n" for name, value in written.items())
        (folder / "server.properties").write_text("".join(lines))

    def start(self) -> None:
        """Start it; it is not there yet when this returns."""
        java = runtime(Console(quiet=True))
        with (self._folder / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*java, "kafka.Kafka", "server.properties"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[tuple[EmbeddedKafka, SecondBroker]]:
    """Give a Kafka whose first broker runs, with the controller, and whose second does not yet."""
    with EmbeddedKafka(data=tmp_path / "first") as first:
        second = SecondBroker(first, tmp_path / "second")
        try:
            yield first, second
        finally:
            second.kill()


async def test_records_committed_while_their_broker_was_down_are_readable_when_it_is_back(
    second: tuple[EmbeddedKafka, SecondBroker],
) -> None:
    first, second_broker = second
    # The first broker is the only one when transactions are begun, so it keeps account of them.
    async with started(first) as producer:
        second_broker.start()
        await create_on_the_second(first)
        async with producer.transaction():
            await producer.send_and_wait(TOPIC, b"before", partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(TOPIC, b"meanwhile", partition=0)
        second_broker.kill()
        # Here the first broker writes that it is so; the partition can only hear of it later.
        await producer.commit_transaction()
        await asyncio.sleep(2 * SESSION_SECONDS)  # by then nobody leads the partition
        second_broker.start()
        assert await read(first, 2) == [b"before", b"meanwhile"]


async def create_on_the_second(first: EmbeddedKafka) -> None:
    """Create the topic with its one copy on the second broker, once that is there."""
    client = AIOKafkaAdminClient(bootstrap_servers=first.bootstrap)
    await client.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                topic = NewTopic(TOPIC, -1, -1, replica_assignments={0: [2]})
                response = await client.create_topics([topic])
                if not any(code for _, code, *_ in response.topic_errors):
                    return
                await asyncio.sleep(0.1)
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def started(first: EmbeddedKafka) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer of transactions; it ends with the first broker only."""
    producer = AIOKafkaProducer(bootstrap_servers=first.bootstrap, transactional_id="second_broker")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def read(first: EmbeddedKafka, count: int) -> list[bytes | None]:
    """Read so many committed records, once they are there."""
    values: list[bytes | None] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(values) < count:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=first.bootstrap, isolation_level="read_committed"
            )
            try:
                await consumer.start()
                consumer.assign([PLACE])
                await consumer.seek_to_beginning(PLACE)
                found = await consumer.getmany(timeout_ms=1_000)
                values = [record.value for record in found.get(PLACE, [])]
            except KafkaError:
                await asyncio.sleep(0.5)
            finally:
                await consumer.stop()
    return values
