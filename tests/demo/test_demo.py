"""The whole demo as a process: its output, and that it leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from streams.broker.ports import free_port, is_free

PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.1
VALUES = ("leads", "response", "within 1 h", "unanswered", "calls", "connected", "won", "revenue")


@contextmanager
def demo(data: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the demo without a terminal, its output in a file of `data`; ended with the block."""
    data.mkdir(exist_ok=True)
    inherited = {name: text for name, text in os.environ.items() if "SALES_KPIS" not in name}
    with (data / "output").open("w") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "demo", "--days", "2", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env=inherited | {"SALES_KPIS_DATA": str(data)},
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(PATIENCE_SECONDS)


def output_of(data: Path) -> str:
    return (data / "output").read_text()


def await_true(what: Callable[[], bool], data: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, output_of(data)
        time.sleep(POLL_SECONDS)


def await_output(text: str, data: Path, process: "subprocess.Popen[str]") -> None:
    await_true(lambda: text in output_of(data) or process.poll() is not None, data)
    assert text in output_of(data)


def addresses(text: str) -> list[tuple[str, int]]:
    """Find every address in the demo's output: Kafka, the gateway, both workers."""
    found = re.findall(r"(?:at |Metrics )(?:http://)?([\d.]+:\d+)", text)
    found += re.findall(r"and (:\d+)", text)
    parts = [urlsplit(f"//{one}") for one in found]
    return [(part.hostname or "127.0.0.1", part.port or 0) for part in parts]


def processes_of(data: Path) -> list[int]:
    """Find the processes that have the demo's settings in their environment, by /proc.

    Where there is no /proc, only the ports can tell.
    """
    setting = f"SALES_KPIS_DATA={data}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if setting in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # ended meanwhile, or somebody else's
    return found


def is_gone(data: Path) -> bool:
    return not processes_of(data) and all(is_free(*one) for one in addresses(output_of(data)))


def test_demo_shows_values_starts_a_killed_worker_again_and_ends_by_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data, "--days", "7", "--seconds", "15") as running:
        # Printed line by line: the ports come after the first KPIs.
        await_output("/metrics", data, running)
        os.kill(worker(data), signal.SIGKILL)
        await_output("worker 1 was killed by signal 9 and was started again", data, running)
        kafka = re.findall(r"Kafka at (\S+)", output_of(data))[0]
        with demo(tmp_path / "other", "--bootstrap", kafka) as refused:
            assert refused.wait(PATIENCE_SECONDS) == 1
        assert "give it an empty Kafka" in output_of(tmp_path / "other")
        assert running.wait(PATIENCE_SECONDS) == 0, output_of(data)
    text = output_of(data)
    final = text[text.index("Seen in") :]
    for name in VALUES:
        assert re.search(rf"{name} \d", final), f"{name} has no value in:\n{final}"
    assert "every event posted is in these KPIs: yes" in final
    assert re.search(r"posted to visible: \d+ ms|catching up", final)
    assert "worker 1: ok, 1 restarts" in final
    for process in ("gateway", "worker 2", "page", "translate"):
        assert f"{process}: ok, 0 restarts" in final
    # Not all is caught up with after so short a time on a slow machine.
    assert re.search("history: (ok, 0 restarts|to be started)", final)
    assert re.search(r"\d+ webhooks of amocrm, hubspot, stripe, twilio", final)
    assert len(addresses(text)) >= 4
    assert "Traceback" not in text
    assert is_gone(data)


def worker(data: Path) -> int:
    """Find the first worker by its guard's only child, as /proc has it."""
    for process in processes_of(data):
        command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        if b"worker" in command and b"-m" in command[:3]:
            port = command[command.index(b"--metrics-port") + 1].decode()
            if f":{port}/metrics" in output_of(data):
                return process
    raise AssertionError(f"no worker among {processes_of(data)}:\n{output_of(data)}")


def test_killed_demo_ends_all_its_processes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as running:
        await_output("gateway at", data, running)
        running.kill()
        running.wait(PATIENCE_SECONDS)
        await_true(lambda: is_gone(data), data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_starting_ends_it_without_an_error(tmp_path: Path, number: int) -> None:
    data = tmp_path / "data"
    with demo(data) as running:
        await_output("Kafka at", data, running)
        running.send_signal(number)
        assert running.wait(PATIENCE_SECONDS) == 0, output_of(data)
    assert "Traceback" not in output_of(data)
    assert is_gone(data)


def test_missing_kafka_is_reported_in_a_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    nowhere = f"127.0.0.1:{free_port('127.0.0.1')}"
    with demo(data, "--bootstrap", nowhere) as running:
        assert running.wait(PATIENCE_SECONDS) == 1
    assert "The demo has to end" in output_of(data)
    assert nowhere in output_of(data)
    assert "Traceback" not in output_of(data)
