"""The process `notify`, killed at each step: nothing is missed, and a repeat has the same key."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.process.environment import environment
from tests.notify.alerting import alert_writer, route
from tests.notify.receiving import HttpReceiver, http_receiver

SECONDS = 60.0


@asynccontextmanager
async def process(settings: Settings, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `sales-kpis notify` meanwhile."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "notify", *options), env=environment(settings)
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def killed(settings: Settings, point: str) -> None:
    """Run the process until it kills itself at a point."""
    async with process(replace(settings, failpoint=f"{point}:1")) as child:
        async with asyncio.timeout(SECONDS):
            assert await child.wait() == -signal.SIGKILL


def texts(server: HttpReceiver) -> dict[str, set[str]]:
    """Return the texts under each key, in the order in which the keys came."""
    found: dict[str, set[str]] = {}
    for request in server.requests:
        found.setdefault(request.id, set()).add(request.json["text"])
    return found


@pytest.mark.parametrize(
    ("point", "sent"),
    [("before_message", 1), ("after_message", 1), ("after_answer", 2), ("after_receipt", 1)],
)
async def test_message_is_sent_though_the_process_is_killed(
    settings: Settings, tmp_path: Path, point: str, sent: int
) -> None:
    """Only between the answer and its receipt is a message sent twice, under one key."""
    async with alert_writer(settings) as writer, http_receiver() as server:
        file = tmp_path / "rules.toml"
        file.write_text(route("chat", server.url, tmp_path, 'digest = "1s"'))
        used = replace(settings, rules=file)
        await writer.raise_alerts("lead-1")
        await killed(used, point)
        async with process(used) as child:
            await server.until(sent)
            # What comes next shows that nothing is sent once more.
            await writer.end_alerts("lead-1")
            await server.until(sent + 1)
            child.terminate()
            async with asyncio.timeout(SECONDS):
                assert await child.wait() == 0
        first, second = texts(server).values()
        assert len(server.requests) == sent + 1
        assert len(first) == 1
        assert first.pop().startswith("No person has called or written to lead lead-1 ")
        assert second.pop().startswith("No longer so: ")


async def test_sample_reaches_a_receiver_without_kafka(settings: Settings, tmp_path: Path) -> None:
    async with http_receiver() as server:
        file = tmp_path / "rules.toml"
        file.write_text(route("chat", server.url, tmp_path))
        used = replace(settings, rules=file, bootstrap="127.0.0.1:1")
        async with process(used, "--test", "chat") as child:
            assert await child.wait() == 0
        assert server.requests[0].json["text"].startswith("This is a test of the route chat")
        server.answers = [(404, {})]
        async with process(used, "--test", "chat") as child:
            assert await child.wait() == 1
