"""A transaction that is open before anything is to be written to it."""

import asyncio
import time

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics, transactional_producer
from streams.kafka.fetched_list import FetchedList
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.intake import RecordIntake
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.cooperative import SLICE_SECONDS
from streams.tasks.early_begin import BACKLOG_RECORDS
from streams.tasks.load_control import Load
from streams.tasks.merge.task import MergeTask
from tests.installation.installed import (
    event,
    produce,
    records,
)
from tests.installation.tasks import hands

ADDED_STEPS = 4


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[set[TopicPartition]]:
    """Give what the open transaction names whenever folding begins; nothing if none is open."""
    found: list[set[TopicPartition]] = []
    real = RecordIntake.process
    owners: list[AggregateTask] = []
    work = AggregateTask.process

    async def working(self: AggregateTask, lists: list[FetchedList]) -> None:
        owners.append(self)
        await work(self, lists)

    async def folding(self: RecordIntake, lists: list[FetchedList]) -> None:
        transactions = owners[-1]._transactions
        manager = transactions._fenced_producer()._txn_manager
        # As a fold does that takes longer than Kafka's answer.
        await asyncio.sleep(0.05)
        found.append(set(manager._txn_partitions) if transactions.is_open else set())
        await real(self, lists)

    monkeypatch.setattr(AggregateTask, "process", working)
    monkeypatch.setattr(RecordIntake, "process", folding)
    return found


async def test_where_it_wrote_last_is_named_while_the_next_events_are_folded(
    settings: Settings, opened: list[set[TopicPartition]]
) -> None:
    state = TopicPartition(topics.state(settings), 0)
    async with hands(settings) as own:
        own.demand = Load.LIGHT
        shard = await own.shard()
        for first in (0, 40):
            await produce(settings, [event(number) for number in range(first, first + 40)])
            await own.read(shard)
    assert opened[0] == {state}
    assert opened[1] > {state}
    assert {partition.topic for partition in opened[1] - {state}} == {topics.PARTIALS}


async def test_what_changes_nothing_leaves_no_transaction_open(settings: Settings) -> None:
    async with hands(settings) as own:
        shard = await own.shard()
        await produce(settings, [event(number) for number in range(40)])
        again = await own.fetched(shard)
        await shard.process(again)
        await shard.tick()
        written = len(await records(settings, topics.state(settings)))
        await shard.process(again)
        assert not shard._transactions.is_open
        assert len(await records(settings, topics.state(settings))) == written


async def test_backlog_is_folded_with_no_transaction_open(
    settings: Settings, opened: list[set[TopicPartition]]
) -> None:
    async with hands(settings) as own:
        shard = await own.shard()
        await produce(settings, [event(number) for number in range(3 * BACKLOG_RECORDS)])
        await own.read(shard)
    assert opened == [set()]


async def test_transaction_does_not_stay_open_while_long_work_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two years of history at once take longer than a transaction may.
    monkeypatch.setattr(transactional_producer, "EMPTY_SECONDS", 0.0)
    async with hands(settings) as own:
        own.demand = Load.LIGHT
        shard, board = await own.shard(), await own.board()
        applying = lengthen(monkeypatch, shard._aggregator, "apply_pending", shard)
        merging = lengthen(monkeypatch, board._unmerged, "merge_step", board)
        for first in (0, 40):
            calls = [event(number, "call.ended") for number in range(first, first + 40)]
            await produce(settings, calls)
            await own.read(shard)
            await own.read(board)
    for found in (applying, merging):
        assert found[0]
        assert not any(found[1:])


def lengthen(
    monkeypatch: pytest.MonkeyPatch, worker: object, name: str, task: AggregateTask | MergeTask
) -> list[bool]:
    """Add steps of a slice each to the next work; lists for each whether a transaction is open."""
    found: list[bool] = []
    step = getattr(worker, name)

    def long_step(*args: object) -> object:
        if not found and not task._transactions.is_open:
            return step(*args)
        if len(found) < ADDED_STEPS:
            found.append(task._transactions.is_open)
            time.sleep(SLICE_SECONDS)
            return True
        return step(*args)

    monkeypatch.setattr(worker, name, long_step)
    return found


async def test_open_transaction_can_be_given_more_partitions(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    partials = TopicPartition(topics.PARTIALS, 3)
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    await owner.begin([state])
    await owner.begin([partials])
    await owner.send({state: [(b"a", b"1")], partials: [(b"x", b"y")]})
    await owner.commit()
    assert not owner.is_open
    await owner.close()
    assert len(await records(settings, topics.state(settings))) == 1
    assert len(await records(settings, topics.PARTIALS, 3)) == 1
