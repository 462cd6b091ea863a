"""Published cells and records compared with the state, on a real Kafka and while it changes."""

import asyncio
import itertools
from collections.abc import Collection

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.config.settings import Settings
from streams.internal_topics import forwards
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.kafka.transactional_producer import TransactionalProducer
from streams.operations.dead_letters import read_dead_letters, send_again
from streams.operations.verification.source_check import Missing
from streams.operations.verification.verify import Difference, Verdict, verify
from streams.tasks.ports import CorePort
from streams.wiring.core import build_core
from tests.installation.counting import Counting
from tests.installation.installed import (
    event,
    produce,
    produce_bytes,
    records,
)
from tests.installation.tasks import Hands, hands

AT_ONCE = (0.0, 0.0)
LEAD = "lead-1"


async def at_rest(
    settings: Settings, core: CorePort | None = None, pauses_s: tuple[float, ...] = ()
) -> Verdict:
    """Verify what nobody publishes to meanwhile: there is nothing to wait for."""
    return await verify(settings, core or Counting(), pauses_s=pauses_s, published_within_s=0)


async def test_what_was_never_written_is_right(settings: Settings) -> None:
    assert (await at_rest(settings)).wrong == ()


async def test_everything_at_rest_is_right(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(500)])
    async with hands(settings) as own:
        await own.read_all()
    found = await at_rest(settings)
    # Two aggregate_tasks of calls, each with five reps and a total; merged to six records.
    assert (found.cells, found.records, found.wrong) == (12, 6, ())


async def test_another_catalogue_than_the_workers_is_named_and_nothing_is_wrong(
    settings: Settings,
) -> None:
    async with hands(settings) as own:
        await own.read_all()
        found = await at_rest(settings)
        assert (found.other_catalogue, found.is_right) == ((), True)
    published = {"call_count": b"{}", "settings": b"{}", "deal_count": b"{}"}
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        for name, value in published.items():
            await producer.send_and_wait(topics.CATALOGUE, value, name.encode())
    found = await at_rest(settings)
    assert found.other_catalogue == ("call_count", "deal_count", "settings")
    assert (found.wrong, found.cells, found.is_right) == ((), 0, False)


async def test_everything_is_right_while_events_flow(settings: Settings) -> None:
    async with hands(settings) as own:
        working = asyncio.create_task(_flow(own))
        try:
            for _ in range(3):
                assert (await verify(settings, Counting(), pauses_s=(0.3, 0.3))).wrong == ()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def test_first_comparison_alone_finds_cells_right_that_changed_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hands(settings) as own:
        aggregate_tasks = [await own.shard(number) for number in range(settings.partitions)]
        numbers = itertools.count(1)

        async def another(*_: object) -> None:
            await produce(settings, [event(next(numbers)) for _ in range(10)])
            for shard in aggregate_tasks:
                await own.read(shard)

        await another()

        async def ends_while_events_come(
            settings: Settings, partitions: Collection[TopicPartition], *, committed: bool = False
        ) -> dict[TopicPartition, int]:
            found = await ends(settings, partitions, committed=committed)
            await another()
            return found

        monkeypatch.setattr("streams.operations.verification.verify.ends", ends_while_events_come)
        found = await verify(settings, Counting(), pauses_s=())
    assert [each for each in found.wrong if each.topic == topics.PARTIALS] == []


async def test_merged_and_erased_subjects_are_right(settings: Settings) -> None:
    core = build_core(settings)
    first, second = "lead-1", "lead-2"
    events = [
        event(1, "call.ended", subject=first),
        event(2, "call.ended", subject=second),
        event(3, "subject.merged", subject=first, into=second, at="2026-05-02T00:00:00Z"),
        event(4, "call.ended", subject="lead-3"),
        event(5, "subject.erased", subject="lead-3", at="2026-05-02T00:00:00Z"),
    ]
    async with hands(settings) as own:
        aggregate_tasks = [await own.shard(number, core) for number in range(settings.partitions)]
        for some in (events[:2], events[2:]):
            await produce(settings, some)
            await own.exchange(*aggregate_tasks)
        await own.tell(*aggregate_tasks)
        await own.read_boards(core)
    found = await at_rest(settings, core)
    assert found.wrong == ()
    assert found.records > 0


async def test_partial_that_somebody_changed_is_named(settings: Settings) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    async with hands(settings) as own:
        await own.read_all()
    number = 0 if await records(settings, "crm.lead", 0) else 1
    key = f"{number}|crm.lead"
    partition = Counting().dimension_group("crm.lead") % topics.MERGE_PARTITIONS
    await _write(settings, TopicPartition(topics.PARTIALS, partition), key, b'{"all":{"n":31}}')
    wrong = (await at_rest(settings, pauses_s=AT_ONCE)).wrong
    # The record that comes of it is right no longer, either.
    assert wrong == (
        Difference(topics.PARTIALS, key, '{"all":{"n":31}}', '{"all":{"n":30}}'),
        Difference(
            topics.KPIS,
            "crm.lead",
            '{"kpi":"crm.lead","value":30',
            '{"kpi":"crm.lead","value":31',
        ),
    )


async def test_partial_written_with_the_owners_rights_is_named(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(100)])
    async with hands(settings) as own:
        await own.read_all()
    thief = await TransactionalProducer(settings, "aggregate", 0).fence()
    await thief.begin()
    await thief.send({TopicPartition(topics.PARTIALS, 3): [(b"0|rep=nobody", b'{"all":{"n":1}}')]})
    await thief.commit()
    await thief.close()
    wrong = (await at_rest(settings, pauses_s=AT_ONCE)).wrong
    assert wrong[0] == Difference(topics.PARTIALS, "0|rep=nobody", '{"all":{"n":1}}', None)


async def test_partial_that_is_no_number_is_named(settings: Settings) -> None:
    await _write(settings, TopicPartition(topics.PARTIALS, 0), "1|crm.lead", b"\xffno JSON")
    (wrong,) = (await at_rest(settings, pauses_s=AT_ONCE)).wrong
    assert (wrong.key, wrong.found, wrong.wanted) == ("1|crm.lead", "\ufffdno JSON", None)


async def test_record_that_somebody_changed_is_named(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended", rep="ann") for number in range(30)])
    async with hands(settings) as own:
        await own.read_all()
    body = orjson.dumps({"kpi": "rep=ann", "value": 29, "revision": 9, "as_of": "now"})
    await _write(settings, TopicPartition(topics.KPIS, 0), "rep=ann", body)
    (wrong,) = (await at_rest(settings, pauses_s=AT_ONCE)).wrong
    assert wrong == Difference(
        topics.KPIS, "rep=ann", '{"kpi":"rep=ann","value":29', '{"kpi":"rep=ann","value":30'
    )


async def test_partition_short_of_its_target_offsets_is_not_compared(settings: Settings) -> None:
    torn = await TransactionalProducer(settings, "aggregate", 1).fence()
    await torn.begin()
    target_offsets = orjson.dumps({"source": {"crm.lead": 7}, "reference": {}})
    await torn.send({TopicPartition(topics.state(settings), 1): [(b"g", target_offsets)]})
    await torn.commit()
    await torn.close()
    assert (await at_rest(settings)).unready == (1,)


async def test_events_in_other_partitions_are_found_with_their_subjects(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.task.BUSY_PROGRESS_SECONDS", -1.0)
    await produce(settings, [event(number) for number in range(20)])
    await produce(settings, [event(number, "call.ended") for number in range(20)], shift=1)
    async with hands(settings) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        await own.read(shards[0])
        # What is forwarded and not received yet is not missing.
        found = await at_rest(settings)
        assert 0 < found.events < 20
        assert found.missing == ()
        await own.exchange(*shards)
    found = await at_rest(settings)
    assert (found.events, found.missing) == (40, ())


async def test_event_that_the_state_of_its_subject_lacks_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await produce(settings, [event(1, subject=LEAD)], shift=1)
    home = shard_of(LEAD, settings)
    # As if the event had been counted where it lay, or passed over.
    monkeypatch.setattr(forwards, "writes", lambda *_: {})
    monkeypatch.setattr("streams.tasks.aggregate.task.PROGRESS_SECONDS", -1.0)
    async with hands(settings) as own:
        await own.read_all()
    found = await at_rest(settings)
    assert found.missing == (Missing("crm.lead", 1 - home, 0, home),)
    assert not found.is_right


async def test_erased_and_rejected_events_are_not_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.task.BUSY_PROGRESS_SECONDS", -1.0)
    core = build_core(settings)
    await produce(settings, [event(1, "call.ended", subject=LEAD)], shift=1)
    erased = event(2, "subject.erased", subject=LEAD, at="2026-05-02T00:00:00Z")
    await produce(settings, [erased, event(3, "call.ended", subject="lead-2")])
    await produce_bytes(settings, "crm.lead", b"no event")
    await produce_bytes(settings, "crm.call", orjson.dumps(event(4, "call.ended")))
    async with hands(settings) as own:
        shards = [await own.shard(number, core) for number in range(settings.partitions)]
        await own.exchange(*shards)
    found = await at_rest(settings, core)
    # Two calls, and the erasure for lead and account.
    assert (found.events, found.missing) == (4, ())


async def test_events_sent_again_from_dead_letters_are_not_missing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.task.BUSY_PROGRESS_SECONDS", -1.0)
    core = build_core(settings)
    await produce_bytes(settings, "crm.call", b"no event")
    async with hands(settings) as own:
        shards = [await own.shard(number, core) for number in range(settings.partitions)]
        for shard in shards:
            await own.read(shard)
        call = orjson.dumps(event(1, "call.ended"))
        (sent,) = await send_again(settings, await read_dead_letters(settings), lambda _: call, 0)
        assert sent.topics == ("crm.call",)
        for shard in shards:
            await own.read(shard)
        await own.read_boards(core)
    found = await at_rest(settings, core)
    assert (found.events, found.missing, found.wrong) == (1, (), ())


async def _flow(own: Hands) -> None:
    """Let events come and be worked off, on and on."""
    aggregate_tasks = [await own.shard(number) for number in range(own.settings.partitions)]
    boards = [await own.board(number) for number in range(topics.MERGE_PARTITIONS)]
    for batch in itertools.count():
        first = batch * 50
        await produce(own.settings, [event(first + number, "call.ended") for number in range(50)])
        for shard in aggregate_tasks:
            await own.read(shard)
        for board in boards:
            await own.read(board)


async def _write(settings: Settings, to: TopicPartition, key: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(to.topic, value, key=key.encode(), partition=to.partition)
