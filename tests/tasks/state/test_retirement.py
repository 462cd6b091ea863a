"""Event sets that leave memory, on a real Kafka: their copies, and what brings them back."""

from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import PolicyViolationError

from streams.config.settings import Settings
from streams.engine.aggregate.retirement.copies import COPY_PREFIX
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.errors import Fatal
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.aggregate.state_transaction import write_state
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.load_control import Load
from streams.wiring.core import KpiCore, build_core
from tests.installation.changed_topics import change_topic
from tests.installation.installed import event, eventually, produce, rate_set, records, sizes
from tests.installation.tasks import Hands, hands

NUMBER = 0
LONG_AGO = "2023-03-01T09:00:00Z"
COPIES = EVENT_PREFIX + COPY_PREFIX


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sets be examined whenever that is possible, and let a snapshot be worth it at once."""
    monkeypatch.setattr("streams.tasks.aggregate.retirement.COST_SHARE", 0)
    monkeypatch.setattr("streams.tasks.aggregate.retirement.COST_SHARE_IDLE", 0)
    monkeypatch.setattr("streams.tasks.aggregate.snapshots.writer.MIN_MISSING_RECORDS", 1)


@dataclass(frozen=True)
class AnotherVersion(KpiCore):
    """The core of another version, which counts the same."""

    fingerprint = "another"


def leads(numbers: range, at: str = LONG_AGO) -> list[dict[str, object]]:
    """Leads that were won at once, for money in another currency."""
    found = []
    for number in numbers:
        subject = f"lead-{number}"
        found += [
            event(number, at=at, subject=subject, rep=f"r{number % 3}"),
            event(
                *(1_000 + number, "deal.changed"),
                at=at,
                subject=subject,
                deal=f"d{number}",
                status="won",
                amount=f"{number}.5",
                currency="USD",
            ),
        ]
    return found


async def copies(settings: Settings) -> dict[bytes, bytes | None]:
    """The last copy of each set in the state."""
    found = await records(settings, topics.state(settings), NUMBER)
    return {r.key: r.value for r in found if r.key.startswith(COPIES)}


async def retired(own: Hands, core: KpiCore, young: int = 0) -> AggregateTask:
    """An owner of leads that are all out of memory but for those that are young."""
    await produce(
        own.settings, [*leads(range(60)), *leads(range(60, 60 + young), "2026-05-01T09:00:00Z")]
    )
    owner = await own.shard(NUMBER, core)
    await own.read(owner)
    await own.tell(owner)
    await owner.tick()
    return owner


async def compare_with_all_in_memory(own: Hands, core: KpiCore) -> None:
    """Let an owner read all events, who would publish whatever differs."""
    await own.shard(NUMBER, core)
    before = await sizes(own.settings)
    everything = AnotherVersion(core.catalogue, own.settings)
    await own.shard(NUMBER, everything, settings=replace(own.settings, horizon_days=0))
    assert await sizes(own.settings) == before
    assert own.noted.restores_with_snapshot[-2:] == [True, False]


async def test_old_subjects_leave_memory_and_come_back_when_an_event_names_them(
    settings: Settings,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        owner = await retired(own, core, young=20)
        written = await copies(settings)
        count = own.noted.retired[NUMBER]
        assert count == len(written) > 20
        assert not any(b"lead-6" in key and len(key) > len(b"rhjourney:lead-6") for key in written)
        await owner.finish(inf)
        await produce(settings, leads(range(10), "2023-03-02T09:00:00Z"))
        late = [event(5_000, "call.ended", at=LONG_AGO, subject=f"lead-{n}") for n in range(10)]
        await produce(settings, [{**each, "id": f"c{n}"} for n, each in enumerate(late)])
        await own.read(owner)
        back = own.noted.back
        assert 0 < back < 10
        await compare_with_all_in_memory(own, core)
        # The new owner read again what had come back after the snapshot.
        assert own.noted.back == 2 * back


async def test_rate_of_that_time_brings_back_what_it_prices_and_a_later_one_nothing(
    settings: Settings,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        owner = await retired(own, core)
        await owner.finish(inf)
        count = own.noted.retired[NUMBER]
        await produce(settings, [{**rate_set("3"), "id": "new", "date": "2026-05-01"}])
        await owner.tick()
        assert own.noted.back == 0
        await produce(settings, [{**rate_set("2"), "id": "old", "date": "2023-02-01"}])

        async def priced() -> None:
            while not own.noted.back:
                await owner.tick()

        await priced()
        assert own.noted.back == count
        await compare_with_all_in_memory(own, core)


@pytest.mark.parametrize(("load", "is_all"), [(Load.HEAVY, True), (Load.BACKLOG, False)])
async def test_sets_wait_while_a_backlog_waits_or_tasks_are_restored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, load: Load, is_all: bool
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.retirement.MOST_EXAMINED", 5)
    async with hands(settings) as own:
        await produce(settings, leads(range(60)))
        owner = await own.shard(NUMBER, build_core(settings))
        await own.read(owner)
        await own.tell(owner)
        monkeypatch.setattr("streams.tasks.aggregate.retirement.COST_SHARE", inf)
        before, own.demand = own.noted.retired[NUMBER], load
        for _ in range(60):
            await owner.tick()
        examined_once = own.noted.retired[NUMBER] - before <= 5
        assert examined_once is not is_all


async def test_nothing_is_left_of_an_erased_subject_and_of_a_merged_one(
    settings: Settings,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        owner = await retired(own, core)
        await owner.finish(inf)
        names = [key.decode().rpartition(":")[2] for key in await copies(settings)]
        erased, merged, into = names[:3]
        whole = {"at": "2026-05-01T09:00:00Z", "topic": "crm.lead"}
        await produce(
            settings,
            [
                event(9_000, "subject.erased", subject=erased, **whole),
                event(9_001, "subject.merged", subject=merged, into=into, **whole),
            ],
        )
        await own.exchange(owner)
        left = await copies(settings)
        assert left[COPIES + f"journey:{erased}".encode()] is None
        assert left[COPIES + f"journey:{merged}".encode()] is None
        assert left[COPIES + f"journey:{into}".encode()] is not None
        found = await records(settings, topics.state(settings), NUMBER)
        newest = {r.key: r.value for r in found if not r.key.startswith(b"s")}
        assert not [key for key, value in newest.items() if value and f":{erased}|".encode() in key]
        await compare_with_all_in_memory(own, core)


async def test_sets_that_have_not_changed_retire_again_without_new_copies(
    settings: Settings,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        await retired(own, core)
        count, written = own.noted.retired[NUMBER], await copies(settings)
        own.noted.retired.clear()
        owner = await own.shard(NUMBER, AnotherVersion(core.catalogue, settings))
        await owner.tick()
        assert own.noted.retired == {NUMBER: count}
        before = [r.offset for r in await records(settings, topics.state(settings), NUMBER)]
        await owner.tick()
        assert await copies(settings) == written
        assert [r.offset for r in await records(settings, topics.state(settings), NUMBER)] == before


async def lose_copies(settings: Settings) -> None:
    """Leave of the state what compaction leaves once all copies were replaced.

    The events and offsets are written again, and what is before the last snapshot is deleted.
    """
    state = TopicPartition(topics.state(settings), NUMBER)
    found = await records(settings, state.topic, NUMBER)
    snapshot = min(r.offset for r in found if r.key.startswith(b"s"))
    kept = {r.key: r.value for r in found if r.key[:1] in b"rgp" and not r.key.startswith(COPIES)}
    offsets = kept.pop(b"p")
    stranger = await TransactionalProducer(settings, "stranger", NUMBER).fence()
    await write_state(stranger, state, [*kept.items(), (b"p", offsets)])
    await stranger.close()
    await change_topic(settings, state.topic, {"cleanup.policy": "delete"})
    async with admin_client(settings) as admin:

        async def is_deleted() -> bool:
            with suppress(PolicyViolationError):
                await admin.delete_records({state: RecordsToDelete(snapshot)})
                return True
            return False

        await eventually(is_deleted)


async def test_owner_that_misses_copies_ends_and_the_next_one_reads_all_events(
    settings: Settings,
) -> None:
    core = build_core(settings)
    async with hands(settings) as own:
        owner = await retired(own, core)
        await owner.finish(inf)
        await lose_copies(settings)
        with pytest.raises(Fatal, match="were out of memory"):
            await own.shard(NUMBER, core)
        await own.shard(NUMBER, core)
        assert not own.noted.restores_with_snapshot[-1]
        before = await sizes(settings)
        await own.shard(NUMBER, AnotherVersion(core.catalogue, settings))
        assert await sizes(settings) == before
