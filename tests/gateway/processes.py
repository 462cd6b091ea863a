"""The gateway as a process."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.config.settings import Settings
from streams.process.environment import environment

SECONDS = 30.0


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the gateway as a process and give it with its address."""
    program = (
        "from streams.gateway.server import run_gateway;"
        "from streams.config.settings import Settings;"
        "run_gateway(Settings.from_environment(), 0)"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment(settings), stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            line = (await child.stdout.readline()).decode()
        assert line.startswith("gateway http://127.0.0.1:")
        yield child, line.removeprefix("gateway ").strip()
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
