"""A process with a client that fails in silence: `... broken_client stalled worker`.

`stalled`: the client stops to fetch, as when its fetching task has failed. `ignorant`: it leads the
group and knows of no partition when it assigns them, as after a restart of Kafka. `worker` runs the
counting core, `translate` the product's own process.
"""

import asyncio
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer

from streams.agents.assignor import TaskAssignor
from streams.agents.transport import ConsumerThread
from streams.cli import main as product
from streams.kafka import client
from streams.worker import reading_watch
from tests.worker import counting_worker

POLL_SECONDS = 0.01
_create = ConsumerThread._create_worker_consumer
_assign = TaskAssignor.assign
_tasks: set[asyncio.Task[None]] = set()


async def stall(consumer: AIOKafkaConsumer) -> None:
    """Cancel the client's fetching before it has begun; the client does not mind."""
    while consumer._fetcher is None:
        await asyncio.sleep(POLL_SECONDS)
    consumer._fetcher._fetch_task.cancel()


def create_stalled(thread: ConsumerThread, transport: Any) -> AIOKafkaConsumer:
    """Create a consumer that stalls."""
    consumer = _create(thread, transport)
    _tasks.add(asyncio.ensure_future(stall(consumer)))
    return consumer


def assign_ignorant(assignor: TaskAssignor, cluster: Any, members: Any) -> Any:
    """Assign partitions, of which none is known the first time."""
    TaskAssignor.assign = _assign  # type: ignore[method-assign]  # the fault is over
    cluster._partitions.clear()
    return _assign(assignor, cluster, members)


if __name__ == "__main__":
    fault, process = sys.argv.pop(1), sys.argv.pop(1)
    if fault == "stalled":
        reading_watch.UNREAD_SECONDS = 2.0
        reading_watch.CHECK_SECONDS = 0.2
        ConsumerThread._create_worker_consumer = create_stalled  # type: ignore[assignment, method-assign]
    else:
        client.METADATA_SECONDS = 1.0
        TaskAssignor.assign = assign_ignorant  # type: ignore[assignment, method-assign]
    if process == "worker":
        counting_worker.main()
    else:
        product(["translate"])
