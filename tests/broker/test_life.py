"""The start, the end and the restart of the embedded broker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.broker.answers import answers
from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import (
    PORTS,
    free_port,
    is_free,
)
from streams.broker.storage import BrokerError
from streams.config.settings import Settings
from streams.kafka.reader import OffsetClient

HOST = "127.0.0.1"

STARTED_IN_A_THREAD = """
import signal, threading
from streams.broker.embedded import EmbeddedKafka

broker = EmbeddedKafka()
thread = threading.Thread(target=broker.start)
thread.start()
thread.join()
print(f"bootstrap {broker.bootstrap}", flush=True)
signal.pause()
"""

IN_THE_FOREGROUND = """
import pathlib, sys
from streams.broker.command import run

run(pathlib.Path(sys.argv[1]), None)
"""


def program(source: str, folder: Path) -> tuple["subprocess.Popen[str]", int]:
    """Start a program that prints `bootstrap HOST:PORT`; return it and the port.

    The folder is its one argument and its folder for temporary files.
    """
    started = subprocess.Popen(
        [sys.executable, "-c", source, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert started.stdout is not None
    line = started.stdout.readline()
    assert line.startswith(f"bootstrap {HOST}:"), line
    return started, int(line.rpartition(":")[2])


def came_true(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait for something that the system does at a time of its own."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if topic not in await admin.list_topics():
            await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, value)


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]


async def test_killed_and_stopped_broker_starts_again_with_its_records(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path / "data")
    offsets, kept = OffsetClient(Settings(bootstrap=broker.bootstrap)), TopicPartition("kept", 0)
    try:
        first = broker.start()
        await produce(first, kept.topic, b"before the kill")
        assert await offsets.ends([kept]) == {kept: 1}
        broker.kill()
        assert not answers(HOST, broker.port)
        assert broker.start() == first
        await produce(first, kept.topic, b"before the stop")
        broker.stop()
        assert broker.start() == first
        assert await consume(first, kept.topic, 2) == [b"before the kill", b"before the stop"]
        # A client from before the kill asks again.
        assert await offsets.ends([kept]) == {kept: 2}
    finally:
        await offsets.close()
        broker.stop()


def test_broker_outlives_the_thread_that_started_it_but_not_a_killed_program(
    tmp_path: Path,
) -> None:
    started, port = program(STARTED_IN_A_THREAD, tmp_path)
    with started:
        served = answers(HOST, port)
        started.send_signal(signal.SIGKILL)
    assert served
    assert came_true(lambda: is_free(HOST, port))
    assert came_true(lambda: list(tmp_path.iterdir()) == [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_broker_ends_cleanly_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    started, port = program(IN_THE_FOREGROUND, tmp_path)
    with started:
        started.send_signal(number)
        assert started.wait(timeout=30) == 0
    assert is_free(HOST, port)
    assert (tmp_path / "storage" / ".kafka_cleanshutdown").exists()


def test_temporary_data_is_removed_with_the_broker() -> None:
    with EmbeddedKafka() as broker:
        data = broker.data
        assert (data / "storage" / "meta.properties").exists()
    assert not data.exists()


def test_port_in_use_is_named() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=f"{HOST}:{port} is in use"):
            EmbeddedKafka(port=port).start()


def test_broker_that_fails_to_start_reports_why(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()  # a folder that looks laid out and is empty
    broker = EmbeddedKafka(tmp_path)
    with pytest.raises(BrokerError, match=r"Kafka ended while starting(?s:.*)meta\.properties"):
        broker.start()
    assert not broker.is_running


def test_free_port_is_none_that_an_outgoing_connection_gets() -> None:
    assert free_port(HOST) in PORTS


def test_ports_of_one_broker_differ() -> None:
    assert free_port(HOST, but=PORTS[:6_000]) in PORTS[6_000:]
