"""A supervised worker is started again, and both end together."""

import os
import signal
import sys
from pathlib import Path

import pytest

from streams.config.settings import Settings
from tests.installation.installed import eventually
from tests.worker.supervised import is_alive, supervised


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker by /proc")
async def test_killed_worker_is_started_again_and_ends_with_its_supervisor(
    settings: Settings, tmp_path: Path
) -> None:
    with supervised(settings, tmp_path / "log") as under:
        await under.until("ready: tasks")
        (worker,) = under.workers()
        os.kill(worker, signal.SIGKILL)
        await under.until("was killed by signal 9; starting it again in 0.5 s")
        await under.until("ready: tasks", times=2)
        (worker,) = under.workers()
        assert await under.ended() == 0
        assert not is_alive(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers by /proc")
async def test_each_of_several_processes_is_started_again_alone(
    settings: Settings, tmp_path: Path
) -> None:
    with supervised(settings, tmp_path / "log", "--processes", "2") as under:
        await under.until("ready: tasks", times=2)
        first, second = under.workers()
        os.kill(first, signal.SIGKILL)
        await under.until("was killed by signal 9; starting it again in 0.5 s")

        async def are_two() -> bool:
            return len({*under.workers()} - {first}) == 2

        await eventually(are_two)
        others = under.workers()
        assert second in others
        assert await under.ended() == 0
        assert not any(is_alive(worker) for worker in others)
