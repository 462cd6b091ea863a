"""Whole workers: from crm.* to sales.kpis, through kills, freezes and rebalances."""

import asyncio
import signal
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled
from streams.kafka import topics
from tests.installation.installed import (
    event,
    eventually,
    partials,
    produce,
    produce_bytes,
    records,
    sizes,
    values,
)
from tests.worker.processes import Worker, worker_processes

SETTLED_SECONDS = 60.0
MERGE_TASKS = set(range(topics.MERGE_PARTITIONS))


async def test_events_come_out_as_kpis(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(settings, tmp_path) as workers:
        worker = await workers.start().is_ready()
        assert worker.task_numbers() == ({0, 1}, MERGE_TASKS)
        await produce(settings, [event(number, "call.ended") for number in range(500)])
        assert await _settled(settings) == {
            "crm.call": 500,
            **{f"rep=r{number}": 100 for number in range(5)},
        }


async def test_stopped_worker_ends_in_time_and_in_order(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(settings, tmp_path) as workers:
        worker = await workers.start().is_ready()
        await produce(settings, [event(number) for number in range(3_000)])
        worker.signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await worker.ended() == 0
        workers.start()
        assert await _settled(settings) == {"crm.lead": 3_000}


async def test_worker_logs_where_its_tasks_wait_on_sigusr1(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        worker = await workers.start().is_ready()
        worker.signal(signal.SIGUSR1)

        async def has_logged_it() -> bool:
            return "Task aggregate/0: " in worker.log_text()

        await eventually(has_logged_it)
        assert "SIGUSR1: " in worker.log_text()
        assert worker.process.poll() is None


@pytest.mark.soak
async def test_counts_stay_exact_through_kills(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(settings, tmp_path) as workers:
        for kill in range(3):
            worker = await workers.start().is_ready()
            first = 4_000 * kill
            await produce(settings, [event(first + n, "call.ended") for n in range(4_000)])
            await _until_some_of_it_is_published(settings, first)
            worker.signal(signal.SIGKILL)
        workers.start()
        found = await _settled(settings)
    assert found["crm.call"] == 12_000
    assert {found[f"rep=r{number}"] for number in range(5)} == {2_400}


async def test_restart_without_events_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(500)])
    with worker_processes(settings, tmp_path) as workers:
        worker = workers.start()
        await _settled(settings)
        worker.signal(signal.SIGKILL)
        await worker.ended()
        before = await sizes(settings)
        await workers.start().is_ready()
        await _settled(settings)
        assert await sizes(settings) == before


async def test_new_version_republishes_everything(settings: Settings, tmp_path: Path) -> None:
    await produce(settings, [event(number) for number in range(500)])
    with worker_processes(settings, tmp_path) as workers:
        old = workers.start("1")
        assert await _settled(settings) == {"crm.lead": 500}
        old.signal(signal.SIGTERM)
        await old.ended()
        await workers.start("7").is_ready()

        async def is_republished() -> bool:
            return await values(settings) == {"crm.lead": 3_500}

        # No event tells: all of them had been published by the old one.
        await eventually(is_republished)


async def test_two_workers_share_all_tasks_and_those_of_a_killed_one_are_reassigned(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        first = await workers.start().is_ready()
        await produce(settings, [event(number) for number in range(2_000)])
        second = await workers.start().is_ready()
        await _until_shared(first, second)
        await produce(settings, [event(2_000 + number) for number in range(2_000)])
        assert await _settled(settings) == {"crm.lead": 4_000}
        first.signal(signal.SIGKILL)
        await produce(settings, [event(4_000 + number) for number in range(2_000)])
        assert await _settled(settings) == {"crm.lead": 6_000}
        assert second.task_numbers() == ({0, 1}, MERGE_TASKS)


async def test_workers_come_and_go_while_events_flow(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(settings, tmp_path) as workers:
        flowing = asyncio.create_task(_flow(settings, batches=60, size=100))
        old = await workers.start().is_ready()
        for _ in range(2):
            new = await workers.start().is_ready()
            await _until_shared(old, new)
            old.signal(signal.SIGTERM)
            await old.ended()
            old = new
        await flowing
        assert await _settled(settings) == {"crm.lead": 6_000}


async def test_frozen_worker_that_wakes_up_is_fenced_and_ends(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        zombie = await workers.start().is_ready()
        await produce(settings, [event(number) for number in range(1_000)])
        zombie.signal(signal.SIGSTOP)
        await workers.start().is_ready()
        await produce(settings, [event(1_000 + number) for number in range(1_000)])
        assert await _settled(settings) == {"crm.lead": 2_000}
        zombie.signal(signal.SIGCONT)
        assert await zombie.ended() == 1
        assert "another worker has taken over" in zombie.log_text()
        await produce(settings, [event(2_000 + number) for number in range(1_000)])
        assert await _settled(settings) == {"crm.lead": 3_000}


async def test_bad_input_goes_to_the_dead_letters_and_nothing_stops(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", b"\xff\x00 no JSON")
        await produce_bytes(settings, "crm.lead", b'{"type":"lead.vanished","id":"1"}')
        await produce_bytes(settings, "crm.rep", b"{}")
        await produce(settings, [event(number) for number in range(100)])
        assert await _settled(settings) == {"crm.lead": 100}
    dead_letters = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert sorted(dead_letter["topic"] for dead_letter in dead_letters) == [
        "crm.lead",
        "crm.lead",
        "crm.rep",
    ]


async def test_worker_that_fails_over_an_event_continues_without_it_after_its_restart(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        worker = await workers.start("1", "e77").is_ready()
        await produce(settings, [event(number) for number in range(200)])
        assert await worker.ended() == 1
        assert "stopping: shard" in worker.log_text()
        assert "a KPI failed with ZeroDivisionError: e77 cannot be counted" in worker.log_text()
        again = workers.start("1", "e77")
        assert await _settled(settings) == {"crm.lead": 199}
        await produce(settings, [event(200 + number) for number in range(100)])
        assert await _settled(settings) == {"crm.lead": 299}
        assert again.process.poll() is None
    (dead_letter,) = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert dead_letter["reason"].startswith("crashes the KPIs: ZeroDivisionError")


async def test_worker_without_topics_names_the_command(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(replace(settings, app="nowhere"), tmp_path) as workers:
        worker = workers.start()
        assert await worker.ended() == 1
        assert "run: sales-kpis topics apply" in worker.log_text()
        assert "Traceback" not in worker.log_text()


async def _settled(settings: Settings) -> dict[str, int]:
    found = await await_settled(settings, SETTLED_SECONDS)
    assert found.is_settled, found
    return await values(settings)


async def _until_some_of_it_is_published(settings: Settings, count: int) -> None:
    async def is_more() -> bool:
        return sum((await partials(settings)).values()) > 2 * count

    await eventually(is_more)


async def _until_shared(first: Worker, second: Worker) -> None:
    async def is_shared() -> bool:
        (mine, my_merge_tasks), (theirs, their_merge_tasks) = (
            first.task_numbers(),
            second.task_numbers(),
        )
        return (
            mine | theirs == {0, 1}
            and not mine & theirs
            and my_merge_tasks | their_merge_tasks == MERGE_TASKS
            and not my_merge_tasks & their_merge_tasks
        )

    await eventually(is_shared)


async def _flow(settings: Settings, batches: int, size: int) -> None:
    for batch in range(batches):
        await produce(settings, [event(batch * size + number) for number in range(size)])
