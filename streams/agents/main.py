"""One worker process: `run_worker` is what `sales-kpis worker` does."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import faust
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from streams.agents.app import (
    App,
    create_app,
    exit_process,
)
from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.process import logs
from streams.process.task_stacks import log_tasks
from streams.tasks.ports import CorePort
from streams.worker.idle_time import IdleTimeSelector
from streams.worker.metrics import WorkerMetrics

# So many new objects are looked through for garbage at a time: a few milliseconds.
COLLECT_AFTER = 5_000
# Metrics are written out in a thread of its own. Python's 5 ms before another thread asks for the
# interpreter would be added to each small step of everything else meanwhile.
SWITCH_SECONDS = 0.0005
STOP_SECONDS = 9.0
# Who of the Kafka client repeats itself, and how often it may; of so many texts it is known.
CLIENT_LOGS = (
    "aiokafka",
    "aiokafka.cluster",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.producer.sender",
)
AGAIN_SECONDS = 10.0
TEXTS = 1_000
# What runs beside the agents on their loop: it is given the health and what is wrong, if
# anything is.
Beside = Callable[[WorkerMetrics, Callable[[], str | None]], Coroutine[Any, Any, None]]


def run_worker(
    settings: Settings, beside: Beside | None = None, core: CorePort | None = None
) -> None:
    """Run a worker in this process until it is told to stop (SIGTERM, SIGINT).

    Creates nothing in Kafka: without its topics it ends and says what to run. If `beside`
    fails, the worker ends too. `core` replaces the product's own.
    """
    set_up_logging(settings.log)
    gc.set_threshold(COLLECT_AFTER)
    gc.callbacks.append(log_collection)
    sys.setswitchinterval(SWITCH_SECONDS)
    idle_time = IdleTimeSelector()
    loop = asyncio.SelectorEventLoop(idle_time)
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(topics.check(settings))
    except (Fatal, KafkaError) as error:
        exit_process(error if isinstance(error, Fatal) else no_kafka(settings, error))
    metrics = WorkerMetrics(CollectorRegistry())
    app = create_app(settings, metrics, core, idle_time.has_spare_time)
    if beside is not None:
        task = loop.create_task(beside(metrics, app.tasks.not_ready_reason), name="metrics")
        task.add_done_callback(exit_if_failed)
    run_app(app, loop)


def log_collection(phase: str, info: dict[str, int]) -> None:  # noqa: ARG001 - as `gc.callbacks` asks
    """Let the collector pass over what it has found alive once.

    Rows, cells and records stay for good and are in no cycles: looking at them again finds
    nothing and stops the worker, the longer the more there are. A shard that goes elsewhere is
    freed without the collector. What makes cycles must not do so again and again, for those that
    are alive at such a moment stay.
    """
    if phase == "stop":
        gc.freeze()


def no_kafka(settings: Settings, error: KafkaError) -> Fatal:
    """Say that Kafka is not there, and what to do."""
    return Fatal(
        f"no Kafka there at {settings.bootstrap} ({type(error).__name__}): start it, or set"
        " SALES_KPIS_BOOTSTRAP to where it is; `sales-kpis doctor` looks"
    )


def exit_if_failed(task: "asyncio.Task[None]") -> None:
    """End the process with a task that failed, or ended as if it had been cancelled."""
    if task.cancelled():
        if not task.cancelling():
            exit_process(Fatal(f"{task.get_name()} ended, but nothing had cancelled it"))
    elif (error := task.exception()) is not None:
        exit_process(error)


class Worker(faust.Worker):
    """Faust's worker, which stops in time: a shard being taken may have to wait for others."""

    def _on_sigusr1(self) -> None:
        """Log where every asyncio task waits."""
        log_tasks("SIGUSR1", self.loop)

    def _schedule_shutdown(self, signal: Any) -> None:
        late = Fatal(f"not stopped within {STOP_SECONDS:g} s: leaving as it is, nothing is lost")
        timer = threading.Timer(STOP_SECONDS, exit_process, (late,))
        timer.daemon = True
        timer.start()
        super()._schedule_shutdown(signal)


def run_app(app: App, loop: asyncio.AbstractEventLoop) -> None:
    """Run the app under Faust's worker; does not return before it has stopped."""
    worker = Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()


def set_up_logging(form: str) -> None:
    """Log to standard error: what this product says, and warnings of the libraries.

    Levels are raised rather than records filtered, so that no debug record is even built.
    """
    logs.set_up(form, logging.WARNING)
    logging.getLogger("streams").setLevel(logging.INFO)
    logging.getLogger("mode.timers").setLevel(logging.ERROR)  # says when a batch was long
    logging.getLogger("aiokafka.producer.sender").addFilter(is_worth_a_line)
    once = Sparing()
    for name in CLIENT_LOGS:
        logging.getLogger(name).addFilter(once)


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Drop what the client's producer says although nobody has to know.

    The refusals a broker gives while it still ends the last transaction are harmless, retried
    at once, and there is one in every few transactions. What it gives up with, a traceback
    included, is said by whoever asked for it and ends the worker.
    """
    return "NotEnoughReplicas" not in record.getMessage() and not record.exc_info


class Sparing(logging.Filter):
    """Lets the same text through once in a while: while Kafka is away each of a worker's clients
    would say so up to two hundred times a second.
    """

    def __init__(self) -> None:
        """Have heard nothing yet."""
        super().__init__()
        self._logged: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be shown."""
        text = record.getMessage()
        if record.created - self._logged.get(text, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return False
        if len(self._logged) >= TEXTS:
            self._logged.clear()
        self._logged[text] = record.created
        return True
