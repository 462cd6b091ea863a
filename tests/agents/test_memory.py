"""What stays is frozen, what was thrown away is gone before that."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from streams.agents import memory
from streams.agents.memory import Memory


class Knot:
    """Something in a cycle with itself."""

    def __init__(self) -> None:
        """Tie it."""
        self.own = self


@pytest.fixture(autouse=True)
def found_by_nobody_else(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing but the memory look for garbage, and half a second pass at once."""
    monkeypatch.setattr(memory, "EVERY_SECONDS", 0.0)
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("is_busy", [False, True])
async def test_what_a_look_leaves_is_gone_and_the_rest_is_frozen(is_busy: bool) -> None:
    own = Memory(lambda: is_busy)
    keeping = asyncio.create_task(own.keep())
    async with own.littering():
        left = weakref.ref(Knot())
        frozen = gc.get_freeze_count()
        rows = [[number] for number in range(1_000)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert gc.get_freeze_count() == frozen
    assert left() is None
    for _ in range(10):
        await asyncio.sleep(0)
    assert gc.get_freeze_count() > frozen + len(rows) / 2
    keeping.cancel()


async def test_what_nobody_holds_is_looked_for_unless_there_is_too_much_to_do() -> None:
    found = []
    for is_busy in (False, True):
        keeping = asyncio.create_task(Memory(lambda busy=is_busy: busy).keep())  # type: ignore[misc]  # a default binds
        left = weakref.ref(Knot())
        for _ in range(10):
            await asyncio.sleep(0)
        keeping.cancel()
        found.append(left() is None)
    assert found == [True, False]
