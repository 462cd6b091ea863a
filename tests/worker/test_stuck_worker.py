"""A worker whose rebalance, restore or join makes no progress ends and names what it waits for."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Stuck
from tests.worker.group import Group, failure_of, new_manager, reassign, shard, until_readable


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce all limits of waiting to fractions of a second."""
    monkeypatch.setattr("streams.worker.task_manager.REBALANCE_LIMIT_SECONDS", 0.3)
    monkeypatch.setattr("streams.worker.task_manager.STUCK_SECONDS", 0.3)
    monkeypatch.setattr("streams.worker.task_manager.WATCH_SECONDS", 0.05)


@pytest.mark.usefixtures("short_limits")
async def test_worker_that_is_never_assigned_anything_ends() -> None:
    failures: list[BaseException] = []
    manager = new_manager(Settings(), failures)
    manager.watch_rebalances()
    try:
        assert "it waits for the group to be joined" in await failure_of(failures)
        assert isinstance(failures[0], Stuck)
    finally:
        await manager.stop()


@pytest.mark.usefixtures("short_limits")
async def test_worker_whose_tasks_are_revoked_without_another_assignment_ends(
    settings: Settings,
) -> None:
    failures: list[BaseException] = []
    manager = new_manager(settings, failures)
    manager.start(Group())
    try:
        await manager.assigned([])
        await asyncio.sleep(0.5)
        assert failures == []
        manager.rebalance_started()
        await manager.revoked()
        assert "it waits for the group to assign tasks" in await failure_of(failures)
    finally:
        await manager.stop()


async def test_worker_that_cannot_seek_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[BaseException] = []
    tps = shard(settings, 0)
    group, manager = Group(), new_manager(settings, failures)
    manager.start(group)
    try:
        await reassign(manager, group, tps)
        await until_readable(manager, tps[0])
        group.may_seek.clear()
        monkeypatch.setattr("streams.worker.task_manager.REBALANCE_LIMIT_SECONDS", 0.3)
        changing = asyncio.create_task(reassign(manager, group, tps))
        message = await failure_of(failures)
        assert "it waits for the client to seek to the resume offsets" in message
        group.may_seek.set()
        await changing
    finally:
        await manager.stop()


@pytest.mark.usefixtures("short_limits")
async def test_worker_without_progress_in_restoring_ends(settings: Settings) -> None:
    """The state is read to its end, which an open transaction holds back."""
    failures: list[BaseException] = []
    tps = shard(settings, 0)
    group, manager = Group(), new_manager(settings, failures)
    writer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id="never ends")
    await writer.start()
    try:
        await writer.begin_transaction()
        await writer.send_and_wait(topics.state(settings), b"{}", key=b"r", partition=0)
        manager.start(group)
        await reassign(manager, group, tps)
        message = await failure_of(failures)
        assert "aggregate/0 has made no progress with restoring" in message
    finally:
        await manager.stop()
        await writer.abort_transaction()
        await writer.stop()


async def test_error_that_the_client_stopped_at_while_joining_ends_the_worker(
    settings: Settings,
) -> None:
    failures: list[BaseException] = []
    group, manager = Group(), new_manager(settings, failures)
    group.failure = KafkaError("unexpected answer to JoinGroup")
    manager.start(group)
    try:
        assert "unexpected answer to JoinGroup" in await failure_of(failures)
    finally:
        await manager.stop()
