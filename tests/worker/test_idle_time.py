"""A worker's event loop has spare time if it is idle for much of it."""

import asyncio
import time

import pytest

from streams.worker import idle_time
from streams.worker.idle_time import IdleTimeSelector


@pytest.fixture
def selector(monkeypatch: pytest.MonkeyPatch) -> IdleTimeSelector:
    """A selector with windows of a tenth of a second."""
    monkeypatch.setattr(idle_time, "WINDOW_SECONDS", 0.1)
    return IdleTimeSelector()


def run_loop(selector: IdleTimeSelector, works_s: float, waits_s: float) -> bool:
    """Let a loop alternate between work and waiting; returns whether it has spare time."""

    async def alternate() -> None:
        for _ in range(20):
            until = time.thread_time() + works_s
            while time.thread_time() < until:
                pass
            await asyncio.sleep(waits_s)

    loop = asyncio.SelectorEventLoop(selector)
    loop.run_until_complete(alternate())
    has_spare_time = selector.has_spare_time()
    loop.close()
    return has_spare_time


def test_loop_that_mostly_waits_has_spare_time(selector: IdleTimeSelector) -> None:
    assert not selector.has_spare_time()
    assert run_loop(selector, works_s=0.0005, waits_s=0.01)


def test_loop_that_mostly_works_has_no_spare_time(selector: IdleTimeSelector) -> None:
    assert not run_loop(selector, works_s=0.02, waits_s=0.0005)


def test_result_holds_until_the_next_window_ends(
    selector: IdleTimeSelector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_loop(selector, works_s=0.0, waits_s=0.01)
    monkeypatch.setattr(idle_time, "WINDOW_SECONDS", 3600.0)
    time.sleep(0.2)
    assert selector.has_spare_time()
