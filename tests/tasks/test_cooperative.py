"""Long work leaves the event loop to others now and then."""

import asyncio
import time
from collections.abc import Iterator

from streams.tasks.cooperative import SLICE_SECONDS, run_cooperatively

STEPS = 20


async def test_others_get_their_turn_while_long_work_goes_on() -> None:
    done: list[int] = []
    seen: list[int] = []

    def steps() -> Iterator[None]:
        for number in range(STEPS):
            time.sleep(SLICE_SECONDS)
            done.append(number)
            yield

    async def look() -> None:
        while len(done) < STEPS:
            seen.append(len(done))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await run_cooperatively(steps())
    await looking
    # Before the first step it gives way to nobody; after that, after each step as long as these.
    assert seen == list(range(1, STEPS))


async def test_short_work_is_done_without_a_pause() -> None:
    seen: list[int] = []
    asyncio.get_running_loop().call_soon(seen.append, 1)
    await run_cooperatively(range(3))
    assert not seen
