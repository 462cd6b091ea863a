"""A page server as a process of its own, with many records that change all the time.

    python -m tests.page.loaded RECORDS

Prints its address once it listens, and at the end of standard input the most memory that it has
used, in bytes.
"""

import asyncio
import sys
import time
from pathlib import Path

import orjson

from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.page.live.store import Store
from streams.page.live.topics import KpiView
from streams.page.server import listening, make_app
from tests.page.serving import NO_HISTORY, kpi_record

REPS = 100
CHANGES, PAUSE_S = 20, 0.1
# About as long as most records are.
FILLING = {"filling": "x" * 500}


def record(scope: str, value: str) -> bytes:
    """Give a record, in no more memory than its length: what encodes it keeps a larger buffer."""
    fields = orjson.loads(kpi_record(scope=scope, value=value))
    return b"".join([orjson.dumps({**fields, **FILLING}), b" "])


def most_memory() -> int:
    """Give the most memory of this process so far, in bytes.

    `ru_maxrss` would not do: a process begins with the peak of the one that started it.
    """
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024


async def serve(count: int) -> None:
    """Serve until standard input ends."""
    store = Store()
    view = KpiView(store)
    for number in range(count):
        scope = f"rep=r{number % REPS}"
        start = f"{2026 + number // REPS:06d}-01-01T00:00:00+00:00"
        view.update(f"revenue_won|{scope}|day|{start}", record(scope, "0.00"))
    app = make_app(Settings(history=str(NO_HISTORY)), PageRules(), store=store)
    async with listening(app, "127.0.0.1", 0) as url:
        print(url, flush=True)  # noqa: T201  # what the test reads
        ending = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        number = 0
        while not ending.done():
            for _ in range(CHANGES):
                number += 1
                scope = f"rep=r{number % REPS}"
                start = f"{2026 + number // REPS % 50:06d}-01-01T00:00:00+00:00"
                # The value is when it changed, by the clock of this machine.
                changed = record(scope, f"{time.time():.6f}")
                view.update(f"revenue_won|{scope}|day|{start}", changed)
            await asyncio.sleep(PAUSE_S)
    print(most_memory(), flush=True)  # noqa: T201  # what the test reads


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
