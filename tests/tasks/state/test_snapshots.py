"""Snapshots on a real Kafka: what a new owner makes of them, and of torn and wrong ones."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf

import msgspec
import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.snapshots.parts import EventsPart, decode
from streams.events import Event
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.snapshots.records import (
    MANIFEST_KEY,
    SNAPSHOT_PREFIX,
    Manifest,
    decode_manifest,
    encode_manifest,
    part_key,
)
from streams.tasks.aggregate.snapshots.writer import PartsEncoder
from streams.wiring.core import KpiCore, build_core
from tests.installation.installed import event, eventually, produce, rate_set, records, sizes
from tests.installation.tasks import Hands, hands
from tests.laws.test_law_of_sets import decoded

NUMBER = 0
LATER = "2026-05-01T01:00:00Z"
RESTORED = re.compile(r"restores a snapshot, and (\d+) later records")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Let a snapshot be worth it after one record, and say what is restored."""
    monkeypatch.setattr("streams.tasks.aggregate.snapshots.writer.MIN_MISSING_RECORDS", 1)
    caplog.set_level("INFO", "streams.tasks.aggregate")


@dataclass(frozen=True)
class AnotherVersion(KpiCore):
    """The core of another version, which counts the same."""

    fingerprint = "another"


def deals(numbers: range) -> list[dict[str, object]]:
    """Deals with money in another currency, some of which are to close later."""
    return [
        event(
            *(number, "deal.changed"),
            deal=f"d{number}",
            rep=f"r{number % 3}",
            status="open",
            stage="new",
            amount=f"{number}.5",
            currency="USD",
            expected_close="2026-07-01",
        )
        for number in numbers
    ]


async def snapshot_records(settings: Settings) -> list[KeyValue]:
    """The records of snapshots in the state, in their order."""
    found = await records(settings, topics.state(settings), NUMBER)
    return [(r.key, r.value) for r in found if r.key[:1] == SNAPSHOT_PREFIX]


async def leave_snapshot(own: Hands, core: KpiCore) -> Manifest:
    """Let an owner read some deals, and give its partition back."""
    await produce(own.settings, deals(range(40)))
    owner = await own.shard(NUMBER, core)
    await own.read(owner)
    await own.tell(owner)
    await owner.finish(inf)
    key, value = (await snapshot_records(own.settings))[-1]
    assert key == MANIFEST_KEY
    assert value is not None
    return decode_manifest(value)


async def test_new_owner_restores_the_snapshot_and_what_came_after_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        manifest = await leave_snapshot(own, core)
        assert manifest.events > 10
        second = await own.shard(NUMBER, core)
        corrected = {**deals(range(7))[0], "seq": 2, "amount": "7000"}
        await produce(settings, [*deals(range(35, 60)), corrected, rate_set("3")])

        async def is_read() -> bool:
            return bool(own.reference.records)

        await eventually(is_read)
        await own.read(second)
        await own.tell(second)
        before = await sizes(settings)
        third = await own.shard(NUMBER, core)
        await own.shard(NUMBER, AnotherVersion(core.catalogue, settings))
        # What was published is what a new owner has, with the snapshot or without.
        assert await sizes(settings) == before
        assert own.noted.restores_with_snapshot == [False, True, True, False]
    found = RESTORED.findall(caplog.text)
    assert found[0] == "0"
    assert int(found[1]) > 5
    assert "of another version or other definitions" in caplog.text
    del third


def of_older_code(manifest: Manifest) -> list[KeyValue]:
    """A manifest as an earlier version wrote it."""
    fields = msgspec.to_builtins(manifest)
    return [(MANIFEST_KEY, msgspec.json.encode({**fields, "type": "Manifest"}))]


def ahead(manifest: Manifest) -> list[KeyValue]:
    """A snapshot of a later instant than the new owner's."""
    later = msgspec.structs.replace(manifest, clock=manifest.clock + 1)
    return [(MANIFEST_KEY, encode_manifest(later))]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (of_older_code, "the last one is of another version"),
        (ahead, "the clock of the last one was ahead"),
    ],
)
async def test_snapshot_that_cannot_be_used_is_left_aside(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    wrong: Callable[[Manifest], list[KeyValue]],
    problem: str,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        manifest = await leave_snapshot(own, core)
        before = await sizes(settings)
        await write_state(settings, [*await parts(settings), *wrong(manifest)])
        caplog.clear()
        owner = await own.shard(NUMBER, core)
        assert problem in caplog.text
        assert RESTORED.search(caplog.text) is None
        assert await sizes(settings) == before
        await owner.finish(inf)
        await own.shard(NUMBER, core)
        assert RESTORED.search(caplog.text)


async def test_of_a_torn_snapshot_nothing_is_read(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        manifest = await leave_snapshot(own, core)
        before = await sizes(settings)
        # Parts without a manifest, as of a transaction that broke off, and a mixture of two.
        await write_state(settings, [(part_key(0), b"another's")])
        await write_state(settings, [(MANIFEST_KEY, encode_manifest(manifest))])
        await own.shard(NUMBER, core)
        assert RESTORED.findall(caplog.text)[-1] == "0"
        assert await sizes(settings) == before


async def test_owner_that_leaves_without_a_snapshot_says_why(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with hands(settings) as own:
        await produce(settings, deals(range(40)))
        owner = await own.shard(NUMBER, build_core(settings))
        await own.read(owner)
        await owner.finish(time.monotonic())
        assert "aggregate/0 leaves without a last snapshot: the time is up" in caplog.text
        assert await snapshot_records(settings) == []
        added = decoded(deals(range(40, 41)))[0]
        assert isinstance(added, Event)
        owner._aggregator.add(added)
        await owner.finish(inf)
        assert "aggregate/0 writes no snapshot now" in caplog.text
        assert await snapshot_records(settings) == []


async def names(settings: Settings) -> set[str]:
    """The names of the event sets in the newest parts of snapshots."""
    newest = dict(await parts(settings))
    found = [decode(value) for value in newest.values() if value is not None]
    sets = [name for part in found if isinstance(part, EventsPart) for name, _ in part.sets]
    return {name.partition(":")[2] for name in sets}


async def parts(settings: Settings) -> list[KeyValue]:
    """The parts of the last snapshot."""
    return [each for each in await snapshot_records(settings) if each[0] != MANIFEST_KEY]


async def write_state(settings: Settings, written: list[KeyValue]) -> None:
    """Write records to the state as an owner does."""
    producer = TransactionalProducer(settings, "aggregate", NUMBER)
    await producer.fence()
    await producer.begin()
    await producer.send({TopicPartition(topics.state(settings), NUMBER): written})
    await producer.commit()
    await producer.close()


async def test_snapshot_is_written_again_when_it_holds_what_was_erased(settings: Settings) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        manifest = await leave_snapshot(own, core)
        subject = min(await names(settings))
        second = await own.shard(NUMBER, core)
        erased = {"id": "x", "type": "subject.erased", "at": LATER, "subject": subject}
        await produce(settings, [{**erased, "topic": "crm.lead"}])
        await own.read(second)
        await second.finish(inf)
        assert subject not in await names(settings)
        third = await own.shard(NUMBER, core)
        assert own.noted.restores_with_snapshot[-1]
        last = decode_manifest((await snapshot_records(settings))[-1][1] or b"")
        assert last.events == manifest.events - 1
    del third


async def test_snapshot_comes_early_when_the_last_one_lacks_much(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = "streams.tasks.aggregate.snapshots.writer"
    monkeypatch.setattr(f"{writer}.EARLIEST_SECONDS", 0.0)
    monkeypatch.setattr(f"{writer}.COST_SHARE", 0)
    seldom = replace(settings, snapshot_interval_s=86_400)
    async with hands(settings) as own:
        owner = await own.shard(NUMBER, build_core(settings), settings=seldom)

        async def written(numbers: range) -> int:
            await produce(settings, deals(numbers))
            await own.read(owner)
            found = [
                value for key, value in await snapshot_records(settings) if key == MANIFEST_KEY
            ]
            return decode_manifest(found[-1] or b"").events

        first = await written(range(100))
        assert first > 0
        # A tenth more is not enough while events come, and is as soon as none do.
        assert await written(range(100, 110)) == first
        await owner.tick()
        assert await written(range(0)) > first
        second = await written(range(110, 150))
        assert second > first


def test_cost_of_a_snapshot_is_without_what_others_do_meanwhile() -> None:
    encoder = PartsEncoder(iter([b"part"] * 3))
    while encoder.step():
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
    assert encoder.count == 3
    assert 0 < encoder.busy_s < 0.05


async def test_owner_that_is_to_write_none_removes_the_last_snapshot(settings: Settings) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        await leave_snapshot(own, core)
        never = replace(settings, snapshot_interval_s=0)
        owner = await own.shard(NUMBER, core, settings=never)
        await owner.tick()
        newest = dict(await snapshot_records(settings))
        assert len(newest) > 1
        assert set(newest.values()) == {None}
        await own.shard(NUMBER, core)
        assert not own.noted.restores_with_snapshot[-1]


async def test_owner_writes_a_snapshot_when_its_interval_is_over(settings: Settings) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        often = replace(settings, snapshot_interval_s=1)
        never = replace(settings, snapshot_interval_s=0)
        await produce(settings, deals(range(20)))
        owner = await own.shard(NUMBER, core, settings=never)
        await own.read(owner)
        await owner.finish(inf)
        assert await snapshot_records(settings) == []
        owner = await own.shard(NUMBER, core, settings=often)

        async def is_written() -> bool:
            await owner.tick()
            return bool(await snapshot_records(settings))

        await eventually(is_written)
