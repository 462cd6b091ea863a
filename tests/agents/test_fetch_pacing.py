"""When a client's fetches are sent."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from streams.agents import fetch_pacing
from streams.agents.fetch_pacing import pace_fetches
from streams.tasks import commit_schedule
from streams.tasks.commit_schedule import FETCH_INTERVAL_SECONDS, FETCH_LEAD_SECONDS

FETCH, OTHER = FetchRequest(0, 1, 1, 1, []), MetadataRequest([])
# The wall clock is that much ahead of the monotonic one: between two steps of the grid.
AHEAD = 1_000 * FETCH_INTERVAL_SECONDS + 0.007


class Sender:
    """In place of the client of Kafka: notes when it is asked to send what to whom."""

    def __init__(self) -> None:
        self.now = 50.0
        self.is_busy = True
        self.sent: list[float] = []

    async def send(self, node: int, request: Any, *, group: int = 0) -> int:  # noqa: ARG002 - the client's signature
        """Note when a request is sent; the answer is the group."""
        self.sent.append(self.now)
        return group

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client with paced fetches, on a clock that passes only while somebody sleeps."""
    made = Sender()
    clock = SimpleNamespace(monotonic=lambda: made.now, time=lambda: made.now + AHEAD)
    monkeypatch.setattr(commit_schedule, "time", clock)
    monkeypatch.setattr(fetch_pacing, "time", clock)
    monkeypatch.setattr(fetch_pacing, "asyncio", made)
    pace_fetches(made, lambda: made.is_busy)
    return made


async def test_one_fetch_is_sent_to_a_node_in_each_step(client: Any) -> None:
    for _ in range(5):
        await client.send(1, FETCH)
    # The first came after a pause; the others are on the grid, a little before its steps.
    assert client.sent[0] == 50.0
    steps = [(at + AHEAD + FETCH_LEAD_SECONDS) / FETCH_INTERVAL_SECONDS for at in client.sent[1:]]
    assert steps == pytest.approx([round(steps[0]) + number for number in range(4)])
    assert 0 < client.sent[1] - client.sent[0] <= FETCH_INTERVAL_SECONDS


async def test_fetch_after_a_pause_is_sent_at_once(client: Any) -> None:
    await client.send(1, FETCH)
    await client.sleep(3 * FETCH_INTERVAL_SECONDS)
    await client.send(1, FETCH)
    assert client.sent[1] - client.sent[0] == pytest.approx(3 * FETCH_INTERVAL_SECONDS)


async def test_with_time_to_spare_no_fetch_is_held_back(client: Any) -> None:
    client.is_busy = False
    for _ in range(3):
        await client.send(1, FETCH)
    assert set(client.sent) == {50.0}


async def test_other_requests_and_nodes_are_not_held_back(client: Any) -> None:
    await client.send(1, FETCH)
    sent = [await client.send(node, request, group=7) for node, request in ((1, OTHER), (2, FETCH))]
    assert sent == [7, 7]
    assert set(client.sent) == {50.0}
