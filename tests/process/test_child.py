"""The demo's processes: what they are told, and what is said of one that fails."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import aiohttp
import pytest

from streams.broker.guard import ended
from streams.broker.ports import free_port
from streams.config.settings import CHURN_WEIGHTS, Settings
from streams.demo.installation import chosen
from streams.process.child import (
    Child,
    StartError,
    environment,
)

HOST = "127.0.0.1"


def test_children_have_every_setting_but_a_fixed_time() -> None:
    settings = Settings(
        bootstrap="127.0.0.1:1",
        timezone="Asia/Tehran",
        currency="USD",
        week_start=6,
        stage_probability=MappingProxyType({"proposal": "0.4", "negotiation": "0.7"}),
        stages=("proposal", "negotiation"),
        churn_weights=MappingProxyType({**CHURN_WEIGHTS, "contact": 2}),
        now=1,
        token="abcdefghijklmnopqrstuvwx",  # noqa: S106  # opens nothing
        data=Path("elsewhere"),
    )
    assert Settings.from_environment(environment(settings)) == replace(settings, now=None)


def test_children_have_the_rest_of_the_environment() -> None:
    assert environment(Settings())["PATH"] == os.environ["PATH"]


async def test_child_that_ends_while_starting_is_told_of_with_its_last_words(
    tmp_path: Path,
) -> None:
    health = f"http://{HOST}:{free_port(HOST)}/healthz"
    child = Child("worker 7", ("juggle",), health, tmp_path / "log", environment(Settings()))
    await child.start()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(StartError) as failed:
            await child.ready(session)
    await child.stop()
    assert str(failed.value).startswith("worker 7 ended while starting:\n")
    assert "No such command 'juggle'" in str(failed.value)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (1, "ended with status 1"),
        (0, "ended with status 0"),
        (256 - signal.SIGKILL, "was killed by signal 9"),
        (-signal.SIGKILL, "was killed by signal 9"),
    ],
)
def test_end_of_a_child_is_told_by_status_or_signal(status: int, text: str) -> None:
    assert ended(status) == text


def test_port_that_is_wanted_twice_is_given_once() -> None:
    wanted = free_port(HOST)
    assert chosen(wanted, []) == wanted
    assert chosen(wanted, [wanted]) != wanted
