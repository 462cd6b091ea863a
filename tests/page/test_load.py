"""Two hundred pages at once, slow ones among them: little memory, and nobody waits for the slow."""

import asyncio
import re
import sys
import time
from contextlib import suppress

from streams.process.cancellation import stopped

FAST, SLOW = 150, 50
RECORDS = 50_000
READ_S = 8.0
# Of what a reader holds: all records of its scope.
LIMIT_BYTES = 8 * 1024 * 1024
PATIENCE_S = 60.0
VALUE = re.compile(rb'"value":"([0-9]{10}\.[0-9]{6})"')


async def connected(
    port: int, query: str, limit: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a stream; a slow reader has asked for everything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    writer.write(f"GET /api/stream{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader, writer


async def read_slowly(port: int) -> None:
    reader, writer = await connected(port, "", 64 * 1_024)
    try:
        while await reader.read(2_000):
            await asyncio.sleep(0.5)
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def read_fast(port: int, number: int) -> list[float]:
    """Give how old each change was when it came, in seconds, once everything has been read."""
    reader, writer = await connected(port, f"?scope=rep=r{number % 100}", LIMIT_BYTES)
    async with asyncio.timeout(PATIENCE_S):
        await reader.readuntil(b"event: ready")
    ages: list[float] = []
    ends_at = time.time() + READ_S
    while time.time() < ends_at:
        data = await reader.read(65_536)
        ages += (time.time() - float(changed) for changed in VALUE.findall(data))
    writer.close()
    return ages


async def test_two_hundred_readers_need_little_memory_and_wait_for_none_that_is_slow() -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.page.loaded", str(RECORDS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        assert child.stdin is not None
        async with asyncio.timeout(PATIENCE_S):
            port = int((await child.stdout.readline()).rpartition(b":")[2])
        slow = [asyncio.create_task(read_slowly(port)) for _ in range(SLOW)]
        found = await asyncio.gather(*(read_fast(port, number) for number in range(FAST)))
        await stopped(*slow)
        child.stdin.close()
        most_bytes = int(await child.stdout.readline())
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    ages = sorted(age for each in found for age in each)
    assert all(found)
    assert most_bytes < 300_000_000
    # The median says that the slow hold up nobody; a busy machine may be late now and then.
    assert ages[len(ages) // 2] < 1.0
    print(f"{most_bytes / 1e6:.0f} MB, median {ages[len(ages) // 2]:.3f} s, most {ages[-1]:.3f} s")  # noqa: T201
