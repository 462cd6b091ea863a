"""Fetches at steps of a grid, instead of each as soon as the last has been answered."""

import asyncio
import time
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest

from streams.tasks.commit_schedule import until_next_fetch


def pace_fetches(client: AIOKafkaClient) -> None:
    """Let a client send at most one fetch to a node between two steps of the grid of fetches.

    One that comes after a pause is sent at once. Other requests are not held back.
    """
    send, sent_at = client.send, dict[int, float]()

    async def paced(node: int, request: Any, **options: Any) -> Any:
        if isinstance(request, FetchRequest):
            wait_s = until_next_fetch(sent_at.get(node, 0.0))
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            sent_at[node] = time.monotonic()
        return await send(node, request, **options)

    client.send = paced
