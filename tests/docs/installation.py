"""The installation that pages run against: a Kafka, its topics, a worker and a gateway."""

import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port

READY_SECONDS = 60.0
POLL_SECONDS = 0.05
HOST = "127.0.0.1"
COMMAND = (sys.executable, "-m", "streams.cli")
# Addresses as pages write them.
WRITTEN = re.compile(r"\b(?:localhost|127\.0\.0\.1):(8080|9464|9092)\b")


@dataclass(frozen=True)
class Installation:
    """Where everything is, and the environment that a page's blocks run in."""

    bootstrap: str
    gateway: str
    metrics: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """What a reader is told to set, and nothing else of this product."""
        inherited = {n: text for n, text in os.environ.items() if not n.startswith("SALES_KPIS_")}
        tools = Path(sys.executable).parent
        return {
            **inherited,
            "PATH": f"{tools}{os.pathsep}{inherited.get('PATH', os.defpath)}",
            "SALES_KPIS_BOOTSTRAP": self.bootstrap,
            "SALES_KPIS_TIMEZONE": "Europe/Berlin",
            "SALES_KPIS_CURRENCY": "EUR",
            "SALES_KPIS_TOKEN": self.token,
            "SALES_KPIS_GATEWAY_PORT": self.gateway.rpartition(":")[2],
            # The source of which pages send samples.
            "SALES_KPIS_SECRET_HUBSPOT": self.token,
            "SALES_KPIS_PUBLIC_URL": "https://crm.example.com",
            "GATEWAY": f"http://{self.gateway}",
            "METRICS": f"http://{self.metrics}",
        }

    def located(self, text: str) -> str:
        """Put the addresses of this installation in the place of those that pages write."""
        real = {"8080": self.gateway, "9464": self.metrics, "9092": self.bootstrap}
        return WRITTEN.sub(lambda written: real[written[1]], text)


@contextmanager
def installed(logs: Path) -> Iterator[Installation]:
    """Run everything for the block."""
    with EmbeddedKafka() as broker, ExitStack() as running:
        port = free_port(HOST)
        metrics = free_port(HOST, but=(port,))
        installation = Installation(
            broker.bootstrap,
            f"{HOST}:{port}",
            f"{HOST}:{metrics}",
            secrets.token_hex(24),
        )
        environment = installation.environment
        subprocess.run([*COMMAND, "topics", "apply"], env=environment, check=True, timeout=60)
        started = [
            running.enter_context(_process(logs / f"{arguments[0]}.log", environment, *arguments))
            for arguments in (
                ("worker", "--metrics-port", str(metrics)),
                ("gateway", "--port", str(port)),
                ("translate",),
            )
        ]
        for process, address in zip(
            started, (installation.metrics, installation.gateway), strict=False
        ):
            _await_ready(process, f"http://{address}/readyz", logs)
        yield installation


@contextmanager
def _process(
    log: Path, environment: Mapping[str, str], *arguments: str
) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        # A clean shutdown takes seconds and would tell nothing here.
        process.kill()
        process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", url: str, logs: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(url):
        logged = "\n".join(log.read_text()[-2000:] for log in logs.glob("*.log"))
        assert process.poll() is None, logged
        assert time.monotonic() < deadline, logged
        time.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own process
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
