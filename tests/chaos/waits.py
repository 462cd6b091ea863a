"""Which task of which worker waits where, when a run does not come to rest."""

import asyncio
import signal
from collections.abc import Iterable

from tests.chaos.children import Child

# How long a worker has to log its tasks.
LOG_SECONDS = 3.0
TASK = " Task "
# Tasks that wait in none of these belong to clients, and only wait for Kafka.
RELEVANT = ("streams/", "group_coordinator.py")


async def where_tasks_wait(workers: Iterable[Child]) -> list[str]:
    """Let each running worker log its tasks, and return a line for each relevant one."""
    asked = [(worker, worker.log.stat().st_size) for worker in workers if worker.is_running]
    for worker, _ in asked:
        worker.signal(signal.SIGUSR1)
    await asyncio.sleep(LOG_SECONDS)
    return [
        f"{worker.name}: {line[line.index(TASK) + 1 :]}"
        for worker, start in asked
        for line in worker.log_text(start).splitlines()
        if TASK in line and any(name in line for name in RELEVANT)
    ]
