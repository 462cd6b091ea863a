"""Merged and erased subjects between two shards of a real Kafka."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.internal_topics.progress import behind
from streams.internal_topics.reroutes import shard_of, writes
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.task import AggregateTask
from streams.wiring.core import build_core
from tests.installation.installed import (
    all_records,
    event,
    produce,
    sizes,
)
from tests.installation.tasks import Hands, hands


@pytest.fixture
def names(settings: Settings) -> tuple[str, str]:
    """Two leads of two shards: a duplicate of shard 0, and its survivor of shard 1."""
    found = {shard_of(f"lead-{n}", settings): f"lead-{n}" for n in range(20)}
    return found[0], found[1]


async def test_calls_to_a_merged_lead_count_in_the_shard_of_its_merge_target(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), call(2, lead), merged(3, double, lead)])
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await calls(settings) == {1: 2}


async def test_late_call_to_a_merged_lead_follows(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [merged(1, double, lead), call(2, lead)])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        await produce(settings, [call(3, double)])
        await own.exchange(*shards)
    assert await calls(settings) == {1: 2}


async def test_merge_that_changes_withdraws_what_was_rerouted(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), merged(2, double, lead)])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        assert await calls(settings) == {1: 1}
        await produce(settings, [merged(3, double, double)])
        await own.exchange(*shards)
    assert await calls(settings) == {0: 1}


async def test_new_owners_know_what_was_rerouted_and_publish_nothing_again(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), call(2, lead), merged(3, double, lead)])
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
        before = await sizes(settings, topics.PARTIALS, topics.reroutes(settings))
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
        assert await sizes(settings, topics.PARTIALS, topics.reroutes(settings)) == before
    assert await calls(settings) == {1: 2}


async def test_new_owner_reroutes_what_a_torn_transaction_has_not_rerouted(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), merged(2, double, lead)])
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    (reroute,) = await reroutes_to(settings, 1)
    await tear(settings, 0, reroute._replace(value=None))
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await reroutes_to(settings, 1) == [reroute]
    assert await calls(settings) == {1: 1}


async def test_new_owner_withdraws_reroutes_without_events(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), merged(2, double, lead)])
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    (reroute,) = await reroutes_to(settings, 1)
    await tear(settings, 0, reroute._replace(identity="torn"))
    async with hands(settings) as own:
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await reroutes_to(settings, 1) == [reroute]
    assert await calls(settings) == {1: 1}


async def test_erased_lead_is_in_no_topic_of_ours_any_more(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), merged(2, double, lead)])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        await produce(settings, [whole(3, "subject.erased", double)])
        await own.exchange(*shards)
        assert await calls(settings) == {}
        for topic in (topics.state(settings), topics.reroutes(settings)):
            for key, value in (await current(settings, topic)).items():
                assert double.encode() not in key + value
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await calls(settings) == {}


async def test_lead_merged_into_an_erased_one_is_in_no_topic_of_ours_any_more(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    await produce(settings, [call(1, double), merged(2, double, lead)])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        assert await calls(settings) == {1: 1}
        await produce(settings, [whole(3, "subject.erased", lead)])
        await own.exchange(*shards)
        for topic in (topics.state(settings), topics.reroutes(settings)):
            for key, value in (await current(settings, topic)).items():
                assert double.encode() not in key + value
        await produce(settings, [call(4, double)])
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await calls(settings) == {}


async def test_erasure_reaches_a_merged_lead_whose_shard_had_no_owner_then(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    events = [call(1, double), merged(2, double, lead), whole(3, "subject.erased", lead)]
    await produce(settings, events)
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        for one in shards:
            await own.read(one)
        # The new owner finds that the lead was erased, which the state does not know yet.
        await own.exchange(await shard(own, 0), shards[1])
        for topic in (topics.state(settings), topics.reroutes(settings)):
            for key, value in (await current(settings, topic)).items():
                assert double.encode() not in key + value
    assert await calls(settings) == {}


async def test_circle_of_merges_between_two_shards_is_one_lead(
    settings: Settings, names: tuple[str, str]
) -> None:
    double, lead = names
    whole_circle = [merged(3, double, lead), merged(4, lead, double)]
    await produce(settings, [call(1, double), call(2, lead), *whole_circle])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        assert await calls(settings) == {0: 2}
        await produce(settings, [merged(5, double, lead)])
        await own.exchange(*shards)
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    assert await calls(settings) == {1: 2}


async def test_state_of_another_erasure_key_is_refused(
    settings: Settings, names: tuple[str, str]
) -> None:
    await produce(settings, [whole(1, "subject.erased", names[0])])
    async with hands(settings) as own:
        await own.exchange(await shard(own))
        other = replace(settings, erasure_key="another")
        with pytest.raises(Fatal, match="another SALES_KPIS_ERASURE_KEY"):
            await own.shard(core=build_core(other), settings=other)


async def test_topic_of_the_record_decides_whether_an_account_is_meant(settings: Settings) -> None:
    (number,) = {shard_of("acme", settings)}
    bill = {"invoice": "1", "amount": "5", "currency": "EUR", "due": "2026-05-31"}
    issued = event(1, "invoice.issued", subject="acme", **bill)
    erased = whole(2, "subject.erased", "acme") | {"topic": "crm.invoice"}
    await produce(settings, [issued, call(3, "acme"), erased])
    async with hands(settings) as own:
        await own.exchange(await shard(own, number))
    assert await calls(settings) == {number: 1}
    cells = await current(settings, topics.PARTIALS)
    assert not any(b"receivables" in value for value in cells.values())


async def test_what_is_on_its_way_between_shards_is_not_settled(
    settings: Settings, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.task.BUSY_PROGRESS_SECONDS", -1.0)
    double, lead = names
    async with hands(settings) as own:
        core = build_core(settings)
        shards = [await shard(own, number) for number in (0, 1)]
        await produce(settings, [call(1, double), merged(2, double, lead)])
        await own.read(shards[0])
        await own.read_boards(core)
        found = await behind(settings)
        assert (found.events, found.reroutes, found.is_settled) == ({}, (1,), False)
        await own.read(shards[1])
        await own.read_boards(core)
        assert (await behind(settings)).is_settled


def call(number: int, subject: str) -> dict[str, Any]:
    """Somebody is called."""
    return event(number, "call.ended", subject=subject)


def merged(number: int, subject: str, into: str) -> dict[str, Any]:
    """A lead turns out to be another, the later the greater the number."""
    return whole(number, "subject.merged", subject) | {"into": into}


def whole(number: int, kind: str, subject: str) -> dict[str, Any]:
    """Something befalls a lead as a whole."""
    return event(number, kind, subject=subject, at=f"2026-05-02T00:00:0{number}Z")


async def shard(own: Hands, number: int = 0) -> AggregateTask:
    """Take a shard with the product's own core."""
    return await own.shard(number, build_core(own.settings))


async def calls(settings: Settings) -> dict[int, int]:
    """The outbound calls in the partials, by shard."""
    found: dict[int, int] = {}
    for key, value in (await current(settings, topics.PARTIALS)).items():
        number, _, cell = key.decode().partition("|")
        count = orjson.loads(value).get("call_count", {}).get("n", 0)
        if cell.endswith("|") and not cell.startswith("h") and count:
            found[int(number)] = found.get(int(number), 0) + count
    return found


async def reroutes_to(settings: Settings, number: int) -> list[Reroute]:
    """The reroutes of leads in force to a shard."""
    found = await current(settings, topics.reroutes(settings), number)
    read = [Reroute.read(key.partition(b"|")[2], value) for key, value in found.items()]
    return [reroute for reroute in read if reroute.target.startswith("journey:")]


async def current(settings: Settings, topic: str, number: int | None = None) -> dict[bytes, bytes]:
    """Give the latest value of each key of a topic or of one partition, tombstones left out."""
    found: dict[bytes, bytes] = {}
    for place, some in (await all_records(settings, topic)).items():
        for record in some if number in (None, place.partition) else ():
            found.pop(record.key, None)
            if record.value is not None:
                found[record.key] = record.value
    return found


async def tear(settings: Settings, number: int, reroute: Reroute) -> None:
    """Let a shard's transaction end with nothing in it but one word to another."""
    torn = await TransactionalProducer(settings, "aggregate", number).fence()
    await torn.begin()
    await torn.send(writes(settings, number, [reroute]))
    await torn.commit()
    await torn.close()
