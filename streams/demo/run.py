"""`run_demo`: Kafka, gateway, workers and simulated traffic on one machine."""

import asyncio
import logging
import secrets
import signal
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from aiokafka.errors import KafkaError
from rich.console import Console

from streams.broker.command import interrupted_by_both
from streams.broker.embedded import EmbeddedKafka
from streams.broker.lock import JarError
from streams.broker.storage import BrokerError
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.demo.service import StartError
from streams.demo.simulation.retries import RequestRefused
from streams.demo.sources import with_sources
from streams.demo.stage import Script, Stage
from streams.kafka.errors import Fatal

TOKEN_BYTES = 18
FAILURES = (StartError, RequestRefused, BrokerError, JarError, Fatal, KafkaError, OSError)


def run_demo(
    settings: Settings,
    rules: Rules,
    script: Script,
    *,
    bootstrap: str | None = None,
    in_browser: bool = False,
) -> int:
    """Run the demo to the end of its script, or until SIGINT or SIGTERM.

    Starts a Kafka of its own unless `bootstrap` names one, whose crm topics must be empty. With
    `in_browser` the page is opened once there is something to see.
    Returns the exit status: 0, or 1 with a message on standard error when something did not start
    or failed. All processes it started are ended in any case. For the main thread.
    """
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    began = time.monotonic()
    with suppress(KeyboardInterrupt), interrupted_by_both(), log_to_file(settings.data / "demo"):
        try:
            with kafka(console, bootstrap) as (address, broker):
                demo = replace(
                    with_sources(settings),
                    bootstrap=address,
                    token=secrets.token_urlsafe(TOKEN_BYTES),
                    now=None,
                )
                show_page = webbrowser.open if in_browser else lambda _: None
                stage = Stage(demo, rules, console, broker, began, show_page)
                asyncio.run(perform(stage, script))
        except FAILURES as error:
            errors.print(f"The demo has to end: {error}", style="red", markup=False, soft_wrap=True)
            return 1
    return 0


@contextmanager
def log_to_file(folder: Path) -> Iterator[None]:
    """Send the logs of libraries to a file for the block: the terminal is for the screen."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(folder / "demo.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


async def perform(stage: Stage, script: Script) -> None:
    """Play until the time is up or a signal comes; further signals do not shorten the end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stage.play(script, stop)


@contextmanager
def kafka(console: Console, bootstrap: str | None) -> Iterator[tuple[str, EmbeddedKafka | None]]:
    """Yield a Kafka's address, and the broker itself if it was started for the block."""
    if bootstrap is not None:
        yield bootstrap, None
        return
    with EmbeddedKafka(console=console) as broker:
        yield broker.bootstrap, broker
