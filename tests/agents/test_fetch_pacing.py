"""When a client's fetches are sent."""

import time
from math import floor
from typing import Any

from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from streams.agents.fetch_pacing import pace_fetches
from streams.tasks.commit_schedule import FETCH_INTERVAL_SECONDS, FETCH_LEAD_SECONDS

FETCH, OTHER = FetchRequest(0, 1, 1, 1, []), MetadataRequest([])
# Between two clocks that are read one after the other.
NEARLY = 1e-4


class Sender:
    """In place of the client of Kafka: notes when it is asked to send what to whom."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Any, float]] = []

    async def send(self, node: int, request: Any, *, group: int = 0) -> int:
        """Note a request; the answer is the group."""
        self.sent.append((node, request, time.time()))
        return group


def step(at: float) -> int:
    """The step of the grid of fetches that an instant is in."""
    return floor((at + FETCH_LEAD_SECONDS + NEARLY) / FETCH_INTERVAL_SECONDS)


async def test_one_fetch_is_sent_to_a_node_in_each_step() -> None:
    client: Any = Sender()
    pace_fetches(client)
    for _ in range(5):
        await client.send(1, FETCH)
    steps = [step(at) for _, _, at in client.sent]
    assert len(set(steps)) == 5


async def test_other_requests_and_nodes_are_not_held_back() -> None:
    client: Any = Sender()
    pace_fetches(client)
    await client.send(1, FETCH)
    sent = [await client.send(node, request, group=7) for node, request in ((1, OTHER), (2, FETCH))]
    assert sent == [7, 7]
    assert client.sent[-1][2] - client.sent[0][2] < FETCH_INTERVAL_SECONDS / 2
