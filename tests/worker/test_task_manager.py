"""The group may rebalance again while the last assignment is still being followed."""

import asyncio
import gc

from faust.types import TP

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.merge.task import MergeTask
from streams.wiring.core import build_core
from tests.installation.installed import event, produce
from tests.worker.group import Group, new_manager, reassign, shard, until_readable


async def test_rebalance_within_a_rebalance_leaves_the_last_assignment(settings: Settings) -> None:
    failures: list[BaseException] = []
    first, second = shard(settings, 0), shard(settings, 1)
    group, manager = Group(), new_manager(settings, failures)
    manager.start(group)
    try:
        await reassign(manager, group, first)
        await until_readable(manager, first[0])
        group.may_seek.clear()
        group.is_seeking.clear()
        slow = asyncio.create_task(reassign(manager, group, [*first, *second]))
        await group.is_seeking.wait()
        quick = asyncio.create_task(reassign(manager, group, []))
        await asyncio.sleep(0)
        group.may_seek.set()
        await asyncio.gather(slow, quick)
        assert manager.not_ready_reason() is None
        assert not manager.is_readable(first[0])
    finally:
        await manager.stop()
    assert failures == []


async def test_client_goes_on_while_an_assignment_is_followed(settings: Settings) -> None:
    """It sends heartbeats only once its listener has returned."""
    failures: list[BaseException] = []
    tps = shard(settings, 0)
    group, manager = Group(), new_manager(settings, failures)
    manager.start(group)
    try:
        await reassign(manager, group, tps)
        await until_readable(manager, tps[0])
        group.may_seek.clear()
        group.is_seeking.clear()
        manager.rebalance_started()
        await manager.revoked()
        manager.follow(tps)
        await group.is_seeking.wait()
        # The group changes again before the seek has ended, whose result is then ignored.
        manager.rebalance_started()
        await manager.revoked()
        manager.follow(tps)
        assert not manager.is_readable(tps[0])
        group.may_seek.set()
        await until_readable(manager, tps[0])
    finally:
        await manager.stop()
    assert failures == []


async def test_revoked_task_is_freed_without_the_collector(settings: Settings) -> None:
    """A worker's collector passes over whatever has survived it once."""
    failures: list[BaseException] = []
    stays = shard(settings, 0)
    revoked = [*shard(settings, 1), TP(topics.PARTIALS, 0)]
    await produce(settings, [event(number, "call.ended") for number in range(50)])
    group, manager = Group(), new_manager(settings, failures, build_core(settings))
    manager.start(group)

    def alive() -> list[AggregateTask | MergeTask]:
        """Other tests' tasks have other settings."""
        found = (each for each in gc.get_objects() if isinstance(each, AggregateTask | MergeTask))
        return [each for each in found if each._settings is settings]

    try:
        await reassign(manager, group, [*stays, *revoked])
        await until_readable(manager, *stays, *revoked)
        assert len(alive()) == 3
        gc.collect()
        gc.disable()
        await reassign(manager, group, stays)
        assert len(alive()) == 1
    finally:
        gc.enable()
        await manager.stop()
    assert failures == []
