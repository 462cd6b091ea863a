"""Whether a worker's event loop mostly waits."""

import asyncio
import time

import pytest

from streams.worker import idle_time
from streams.worker.idle_time import IdleTimeSelector


@pytest.fixture
def selector(monkeypatch: pytest.MonkeyPatch) -> IdleTimeSelector:
    """Give one that looks over tenths of seconds."""
    monkeypatch.setattr(idle_time, "WINDOW_SECONDS", 0.1)
    return IdleTimeSelector()


def spend(selector: IdleTimeSelector, works_s: float, waits_s: float) -> bool:
    """Let a loop work and wait by turns for a while, then ask whether it has time to spare."""

    async def spending() -> None:
        for _ in range(20):
            until = time.thread_time() + works_s
            while time.thread_time() < until:
                pass
            await asyncio.sleep(waits_s)

    loop = asyncio.SelectorEventLoop(selector)
    loop.run_until_complete(spending())
    is_ample = selector.has_spare_time()
    loop.close()
    return is_ample


def test_loop_that_mostly_waits_has_time_to_spare(selector: IdleTimeSelector) -> None:
    assert not selector.has_spare_time()
    assert spend(selector, works_s=0.0005, waits_s=0.01)


def test_loop_that_mostly_works_has_none(selector: IdleTimeSelector) -> None:
    assert not spend(selector, works_s=0.02, waits_s=0.0005)


def test_answer_stays_until_there_is_another(
    selector: IdleTimeSelector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spend(selector, works_s=0.0, waits_s=0.01)
    monkeypatch.setattr(idle_time, "WINDOW_SECONDS", 3600.0)
    time.sleep(0.2)
    assert selector.has_spare_time()
