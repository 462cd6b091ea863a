"""The worker process: `run_worker` is what `sales-kpis worker` does."""

import asyncio
import gc
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import faust
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from streams.agents.app import create_app
from streams.agents.faust_app import FaustApp, exit_process
from streams.agents.log_filters import set_up_logging
from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.process.task_stacks import log_tasks
from streams.tasks.ports import CorePort
from streams.worker.background_tasks import error_of
from streams.worker.idle_time import IdleTimeSelector
from streams.worker.metrics import WorkerMetrics

# New objects per garbage collection, which then lasts a few milliseconds.
COLLECT_AFTER = 5_000
# Metrics are written out in a thread of its own. Python's 5 ms before another thread requests the
# interpreter would be added to each small step of everything else meanwhile.
SWITCH_SECONDS = 0.0005
STOP_SECONDS = 9.0
# What runs beside the agents on their event loop, given the metrics and the reason, if any, for
# which the worker does not process yet.
SideTask = Callable[[WorkerMetrics, Callable[[], str | None]], Coroutine[Any, Any, None]]


def run_worker(
    settings: Settings, side_task: SideTask | None = None, core: CorePort | None = None
) -> None:
    """Run a worker in this process until it is stopped by a signal (SIGTERM, SIGINT).

    It creates nothing in Kafka: without its topics it ends and names the command to run. If
    `side_task` fails, the worker ends too. `core` replaces the product's own.
    """
    set_up_logging(settings.log)
    gc.set_threshold(COLLECT_AFTER)
    gc.callbacks.append(freeze_collected)
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
    if side_task is not None:
        task = loop.create_task(
            side_task(metrics, app.task_manager.not_ready_reason), name="metrics"
        )
        task.add_done_callback(exit_if_failed)
    run_app(app, loop)


def freeze_collected(phase: str, info: dict[str, int]) -> None:  # noqa: ARG001 - of `gc.callbacks`
    """Exclude the objects that survived a garbage collection from all later ones.

    Event sets, cells and records live on and are in no cycles: another traversal finds nothing
    and stops the worker, for longer the more there are. A task that is closed is freed without
    the collector. Nothing may create cycles again and again: what is alive at such a moment stays.
    """
    if phase == "stop":
        gc.freeze()


def no_kafka(settings: Settings, error: KafkaError) -> Fatal:
    """The error of a worker that finds no Kafka when it starts."""
    return Fatal(
        f"no Kafka there at {settings.bootstrap} ({type(error).__name__}): start it, or set"
        " SALES_KPIS_BOOTSTRAP to where it is; `sales-kpis doctor` looks"
    )


def exit_if_failed(task: "asyncio.Task[None]") -> None:
    """End the process with a task that failed, or ended as if it had been cancelled."""
    if (error := error_of(task)) is not None:
        exit_process(error)


class Worker(faust.Worker):
    """Faust's worker, which stops in time even while a restoring task waits for others."""

    def _on_sigusr1(self) -> None:
        """Log where every asyncio task waits."""
        log_tasks("SIGUSR1", self.loop)

    def _schedule_shutdown(self, signal: Any) -> None:
        late = Fatal(f"not stopped within {STOP_SECONDS:g} s: leaving as it is, nothing is lost")
        timer = threading.Timer(STOP_SECONDS, exit_process, (late,))
        timer.daemon = True
        timer.start()
        super()._schedule_shutdown(signal)


def run_app(app: FaustApp, loop: asyncio.AbstractEventLoop) -> None:
    """Run the app under Faust's worker; does not return before it has stopped."""
    worker = Worker(app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()
