"""The processes of the demo: their ports, and the report of one that fails to start."""

from pathlib import Path

import aiohttp
import pytest

from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.demo.installation import Installation, choose_port
from streams.demo.service import Service, StartError
from streams.process.environment import environment

HOST = "127.0.0.1"


async def test_service_that_ends_while_starting_is_reported_with_its_last_lines(
    tmp_path: Path,
) -> None:
    health = f"http://{HOST}:{free_port(HOST)}/healthz"
    service = Service("worker 7", ("juggle",), health, tmp_path / "log", environment(Settings()))
    service.start()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(StartError) as failed:
            await service.await_healthy(session)
    await service.stop()
    assert str(failed.value).startswith("worker 7 ended while starting:\n")
    assert "No such command 'juggle'" in str(failed.value)


def test_port_that_is_preferred_twice_is_given_once() -> None:
    preferred = free_port(HOST)
    assert choose_port(preferred, []) == preferred
    assert choose_port(preferred, [preferred]) != preferred


def test_webhooks_are_translated_where_a_source_is_on(tmp_path: Path) -> None:
    secrets = {"acme": ("0123456789abcdef0123456789abcdef",)}
    names = {
        is_on: [each.name for each in Installation(Settings(data=tmp_path, secrets=it)).services]
        for is_on, it in ((False, {}), (True, secrets))
    }
    assert names[False] == ["gateway", "worker 1", "worker 2", "page", "history"]
    assert names[True] == [*names[False], "translate"]


def test_history_of_another_demo_is_not_mixed_with_this_one(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    for name in ("history.sqlite", "history.sqlite-wal", "history.sqlite-shm"):
        (folder / name).write_bytes(b"of another Kafka")
    made = Installation(Settings(data=tmp_path, history="postgresql://somebody@else/s"))
    assert made.settings.history == str(folder / "history.sqlite")
    assert not [*folder.glob("history.sqlite*")]
