"""Fetches of a busy worker at steps of a grid, not each as soon as the last is answered."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest

from streams.tasks.commit_schedule import until_next_fetch


def pace_fetches(client: AIOKafkaClient, is_busy: Callable[[], bool]) -> None:
    """Let a client send at most one fetch to a node between two steps of the grid of fetches.

    While `is_busy`: with time to spare it would only cost latency. One that comes after a pause
    is sent at once. Other requests are not held back.
    """
    send, sent_at = client.send, dict[int, float]()

    async def paced(node: int, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            wait_s = until_next_fetch(sent_at.get(node, 0.0))
            if wait_s > 0 and is_busy():
                await asyncio.sleep(wait_s)
            sent_at[node] = time.monotonic()
        return await send(node, request, **options)

    client.send = paced
