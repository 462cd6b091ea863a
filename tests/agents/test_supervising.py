"""A supervised worker is started again, and both end together."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.backoff import FIRST_SECONDS, GOOD_LIFE_SECONDS, LONGEST_SECONDS, Backoff
from streams.settings import Settings
from tests.agents.processes import environment
from tests.tables.installation import eventually

END_SECONDS = 30.0


class Supervised:
    """`sales-kpis worker --supervise` with its log."""

    def __init__(self, settings: Settings, log: Path) -> None:
        """Start it."""
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "worker", "--supervise"],
                env={**os.environ, **environment(settings)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until the log holds a text so often."""

        async def is_said() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return len(re.findall(text, self.log.read_text())) >= times

        await eventually(is_said)

    def workers(self) -> list[int]:
        """Give the process ids of the workers below the supervisor's guard."""
        return [pid for guard in children(self.process.pid) for pid in children(guard)]


def children(pid: int) -> list[int]:
    """Give the ids of a process's children."""
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def supervised(settings: Settings, tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(settings, tmp_path / "log")
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait(END_SECONDS)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker by /proc")
async def test_killed_worker_is_started_again_and_ends_with_its_supervisor(
    supervised: Supervised,
) -> None:
    await supervised.until("ready: shards")
    (worker,) = supervised.workers()
    os.kill(worker, signal.SIGKILL)
    await supervised.until("was killed by signal 9; starting it again in 0.5 s")
    await supervised.until("ready: shards", times=2)
    (worker,) = supervised.workers()
    supervised.process.terminate()
    assert await asyncio.to_thread(supervised.process.wait, END_SECONDS) == 0
    assert not is_alive(worker)


@given(st.lists(st.floats(0, GOOD_LIFE_SECONDS), max_size=20))
def test_pauses_double_up_to_the_longest_while_lives_are_short(lives: list[float]) -> None:
    backoff = Backoff()
    pauses = [backoff.after(lived) for lived in lives]
    assert pauses == [min(FIRST_SECONDS * 2**n, LONGEST_SECONDS) for n in range(len(lives))]


def test_good_life_makes_the_next_pause_short_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(0)
    assert backoff.after(GOOD_LIFE_SECONDS + 1) == FIRST_SECONDS
