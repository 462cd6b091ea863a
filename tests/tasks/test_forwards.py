"""Events in another partition than their subject's are forwarded to it, each exactly once."""

from collections import Counter

import orjson
import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.progress import SourceOffsets, behind
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.quarantine import Crashed
from streams.tasks.aggregate.restore import SOURCE_OFFSETS_KEY
from streams.tasks.aggregate.task import AggregateTask
from streams.wiring.core import build_core
from tests.installation.failing import failing_core
from tests.installation.installed import (
    event,
    produce,
    produce_bytes,
    records,
)
from tests.installation.tasks import Hands, hands
from tests.tasks.test_reroutes import call, calls, current, merged, shard, whole

LEAD = "lead-1"


@pytest.fixture
def home(settings: Settings) -> int:
    """The shard of the lead."""
    return shard_of(LEAD, settings)


async def both(own: Hands) -> list[AggregateTask]:
    """Take both shards."""
    return [await shard(own, number) for number in (0, 1)]


async def test_email_in_another_partition_answers_its_lead(settings: Settings, home: int) -> None:
    created = event(1, subject=LEAD, at="2026-05-01T10:00:00Z")
    email = event(
        2, "email.sent", subject=LEAD, rep="ann", email="m", links=0, at="2026-05-01T10:30:00Z"
    )
    await produce(settings, [created])
    await produce(settings, [email], shift=1)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
        assert own.noted.misplaced_events == {"crm.email": 1}
        assert own.noted.events == 2
    assert await response_times(settings) == {home: {"n": 1, "sum": 30 * 60_000}}


async def test_nothing_of_a_forwarded_event_is_left_on_its_way(settings: Settings) -> None:
    await produce(settings, [call(number, f"lead-{number}") for number in range(20)], shift=1)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
        assert sum((await calls(settings)).values()) == 20
        assert await current(settings, topics.reroutes(settings)) == {}


async def test_erased_lead_leaves_nothing_wherever_its_events_lay(settings: Settings) -> None:
    await produce(settings, [call(1, LEAD)])
    await produce(settings, [call(2, LEAD)], shift=1)
    async with hands(settings) as own:
        shards = await both(own)
        await own.exchange(*shards)
        await produce(settings, [whole(3, "subject.erased", LEAD)])
        await produce(settings, [call(4, LEAD)], shift=1)
        await own.exchange(*shards)
        assert await calls(settings) == {}
        for topic in (topics.state(settings), topics.reroutes(settings)):
            for key, value in (await current(settings, topic)).items():
                assert LEAD.encode() not in key + value


async def test_erasure_and_merge_in_another_partition_hold(settings: Settings, home: int) -> None:
    await produce(settings, [call(1, LEAD), call(2, "lead-2"), call(3, "lead-3")])
    events = [whole(4, "subject.erased", "lead-3"), merged(5, "lead-2", LEAD)]
    await produce(settings, events, shift=1)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
        await own.exchange(*await both(own))
    assert await calls(settings) == {home: 2}


async def test_event_in_both_partitions_counts_once(settings: Settings, home: int) -> None:
    await produce(settings, [call(1, LEAD)], shift=1)
    await produce(settings, [call(1, LEAD)])
    await produce(settings, [call(1, LEAD)], shift=1)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
    assert await calls(settings) == {home: 1}


async def test_event_forwarded_while_its_shard_had_no_owner_is_counted(
    settings: Settings, home: int
) -> None:
    await produce(settings, [call(1, LEAD)], shift=1)
    async with hands(settings) as own:
        await own.read(await shard(own, 1 - home))
        await own.read(await shard(own, home))
        assert await calls(settings) == {home: 1}
        assert await current(settings, topics.reroutes(settings)) == {}


async def test_event_that_a_torn_transaction_forwarded_is_forwarded_again_and_counts_once(
    settings: Settings, home: int
) -> None:
    await produce(settings, [call(1, LEAD)], shift=1)
    async with hands(settings) as own:
        await tear(settings, 1 - home, {own_reroutes(settings, home): [forwarded_call(home)]})
        await own.exchange(*await both(own))
        assert await calls(settings) == {home: 1}
        assert await current(settings, topics.reroutes(settings)) == {}


async def test_new_owner_removes_what_a_torn_transaction_has_stored_and_not_removed(
    settings: Settings, home: int
) -> None:
    await produce(settings, [call(1, LEAD)], shift=1)
    reroutes = own_reroutes(settings, home)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
        await tear(settings, home, {reroutes: [forwarded_call(home)]})
        last = (await records(settings, reroutes.topic, home))[-1]
        offsets = SourceOffsets({reroutes.topic: last.offset + 1}).encode()
        state = TopicPartition(topics.state(settings), home)
        await tear(settings, home, {state: [(SOURCE_OFFSETS_KEY, offsets)]})
        assert len(await current(settings, reroutes.topic)) == 1
        await shard(own, home)
        assert await current(settings, reroutes.topic) == {}
    assert await calls(settings) == {home: 1}


async def test_withdrawn_reroute_does_not_come_back_with_a_forwarded_event_that_waits(
    settings: Settings, home: int
) -> None:
    double = next(f"lead-{n}" for n in range(20) if shard_of(f"lead-{n}", settings) != home)
    await produce(settings, [call(1, double), merged(2, double, LEAD)])
    await produce(settings, [call(4, LEAD)], shift=1)
    async with hands(settings) as own:
        sender = await shard(own, 1 - home)
        await own.read(sender)
        await produce(settings, [merged(3, double, double)])
        await own.read(sender)
        receiver = await shard(own, home)
        (waiting,) = await own.fetched(receiver)
        counted, rest = [], waiting
        # The forwarded call, then what came of the merge and of its withdrawal.
        while len(rest) > 1:
            first, rest = rest.split(1)
            await receiver.process([first])
            counted.append((await calls(settings)).get(home, 0))
        assert len(counted) > 1
    assert set(counted) == {1}


async def test_forwarded_event_that_makes_a_kpi_raise_is_a_dead_letter_of_its_source(
    settings: Settings, home: int
) -> None:
    await produce(settings, [call(1, LEAD) | {"cold": True}, call(2, LEAD)], shift=1)
    async with hands(settings) as own:
        await own.read(await shard(own, 1 - home))
        receiver = await own.shard(home, failing_core(settings))
        with pytest.raises(Crashed, match="noted"):
            await own.read(receiver)
        await own.read(await own.shard(home, failing_core(settings)))
        await own.read(await own.shard(home, failing_core(settings)))
    assert await calls(settings) == {home: 1}
    assert await current(settings, topics.reroutes(settings)) == {}
    (letter,) = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("crm.call", 1 - home, 0)


async def test_record_under_another_key_is_not_forwarded(settings: Settings) -> None:
    for partition in (0, 1):
        await produce_bytes(settings, "crm.call", orjson.dumps(call(1, LEAD)), partition)
    async with hands(settings) as own:
        await own.exchange(*await both(own))
        assert Counter(kind for _, kind in own.noted.rejections) == {"key is not the subject": 2}
        assert not own.noted.misplaced_events


async def test_forwarded_event_on_its_way_is_not_settled(
    settings: Settings, home: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for interval in ("BUSY_PROGRESS_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(f"streams.tasks.aggregate.task.{interval}", -1.0)
    await produce(settings, [call(1, LEAD)], shift=1)
    async with hands(settings) as own:
        core = build_core(settings)
        shards = await both(own)
        await own.read(shards[1 - home])
        await own.read_boards(core)
        found = await behind(settings)
        assert (found.events, found.reroutes, found.is_settled) == ({}, (home,), False)
        await own.exchange(*shards)
        await own.read_boards(core)
        assert (await behind(settings)).is_settled


async def test_new_owner_of_the_sender_knows_that_its_event_is_on_its_way(
    settings: Settings, home: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.task.PROGRESS_SECONDS", -1.0)
    await produce(settings, [call(1, LEAD)], shift=1)
    async with hands(settings) as own:
        await shard(own, home)
        await own.read(await shard(own, 1 - home))
        await shard(own, 1 - home)
        assert (await behind(settings)).reroutes == (home,)


def own_reroutes(settings: Settings, number: int) -> TopicPartition:
    """The partition of what others send to a shard."""
    return TopicPartition(topics.reroutes(settings), number)


def forwarded_call(home: int) -> tuple[bytes, bytes]:
    """The first record of crm.call in the wrong of two partitions, as it is forwarded."""
    return b"event|crm.call|%d|0" % (1 - home), orjson.dumps(call(1, LEAD))


async def tear(
    settings: Settings, number: int, writes: dict[TopicPartition, list[tuple[bytes, bytes]]]
) -> None:
    """Let a shard's transaction end with only a part of what it should have."""
    torn = await TransactionalProducer(settings, "aggregate", number).fence()
    await torn.begin()
    await torn.send(writes)
    await torn.commit()
    await torn.close()


async def response_times(settings: Settings) -> dict[int, dict[str, int]]:
    """Count and sum of `response_time` of all leads, by shard."""
    found = {}
    for key, value in (await current(settings, topics.PARTIALS)).items():
        number, _, cell = key.decode().partition("|")
        vector = orjson.loads(value).get("response_time")
        if cell.endswith("|") and not cell.startswith("h") and vector:
            found[int(number)] = {name: vector[name] for name in ("n", "sum")}
    return found
