"""Letters looked at, mended and sent again, on a real Kafka with a real worker."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from streams.config.settings import Settings
from streams.operations.dead_letters import (
    CannotMend,
    DeadLetter,
    mending,
    read_dead_letters,
    send_again,
)
from tests.installation.installed import eventually, produce_bytes
from tests.worker.processes import crew, environment

VANISHED = b'{"type":"lead.vanished","id":"1","at":"2026-05-01T10:00:00Z","subject":"lead-1"}'
NOW = 1_780_000_000_000


async def test_mended_letter_is_counted_and_waits_no_more(
    settings: Settings, tmp_path: Path
) -> None:
    with crew(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        (letter,) = await some(settings, 1)
        assert (letter.reason, letter.field) == ("unknown type 'lead.vanished'", "type")
        assert letter.value == VANISHED
        mend = mending(["type=lead.created"], [], None)
        (outcome,) = await send_again(settings, [letter], mend, NOW)
        assert (outcome.topic, outcome.rejected) == ("crm.lead", None)
        (sent,) = await read_dead_letters(settings)
        assert sent.sent_again == "2026-05-28T20:26:40.000Z"


async def test_letter_that_is_still_no_event_goes_on_waiting(
    settings: Settings, tmp_path: Path
) -> None:
    with crew(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        found = await some(settings, 1)
        (outcome,) = await send_again(settings, found, mending([], [], None), NOW)
        assert outcome.rejected is not None
        assert outcome.rejected.field == "type"
        (letter,) = await read_dead_letters(settings)
        assert letter.sent_again is None


async def test_the_command_lists_shows_and_sends(settings: Settings, tmp_path: Path) -> None:
    with crew(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        (letter,) = await some(settings, 1)
        where = str(letter.offset)
        listed = await command(settings, "list")
        assert "unknown type" in listed
        assert "waits" in listed
        assert (await command(settings, "show", where, "--raw")).encode() == VANISHED
        assert orjson.loads(await command(settings, "show", where))["field"] == "type"
        sent = await command(settings, "replay", where, "--set", "type=lead.created")
        assert sent == f"{where}: sent to crm.lead\n"
        assert await command(settings, "list") == ""


def test_fields_are_set_as_text_or_json_and_dropped() -> None:
    mend = mending(["rep=ann", "links:=2", "amount=12.50"], ["junk"], None)
    assert orjson.loads(mend(b'{"junk":1,"id":"7"}') or b"") == {
        "id": "7",
        "rep": "ann",
        "links": 2,
        "amount": "12.50",
    }


@pytest.mark.parametrize("value", [None, b"no JSON", b"[1]"])
def test_what_is_no_object_can_only_be_replaced_whole(value: bytes | None) -> None:
    with pytest.raises(CannotMend, match="--value"):
        mending(["rep=ann"], [], None)(value)
    assert mending([], [], b"{}")(value) == b"{}"


@pytest.mark.parametrize("assignment", ["rep", "=ann", ":=1", "links:=two"])
def test_assignment_that_is_none_is_refused(assignment: str) -> None:
    with pytest.raises(CannotMend, match=r"name=text|not JSON"):
        mending([assignment], [], None)


async def some(settings: Settings, count: int) -> list[DeadLetter]:
    """Wait for so many letters and give them."""
    found: list[DeadLetter] = []

    async def are_there() -> bool:
        found[:] = await read_dead_letters(settings)
        return len(found) >= count

    await eventually(are_there)
    return found


async def command(settings: Settings, *arguments: str) -> str:
    """Run `sales-kpis dead-letters` and give what it prints."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", "dead-letters", *arguments],
        env={**os.environ, **environment(settings)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
