"""Dead letters listed, repaired and sent again, on a real Kafka with a real worker."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from streams.config.settings import Settings
from streams.events import Event, decode
from streams.operations.dead_letters import (
    CannotRepair,
    DeadLetter,
    destinations,
    read_dead_letters,
    repair_of,
    send_again,
)
from tests.installation.installed import eventually, produce_bytes
from tests.worker.processes import environment, worker_processes

VANISHED = b'{"type":"lead.vanished","id":"1","at":"2026-05-01T10:00:00Z","subject":"lead-1"}'
NOW = 1_780_000_000_000


async def test_repaired_dead_letter_is_counted_and_no_longer_waits(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        (dead_letter,) = await some(settings, 1)
        assert (dead_letter.reason, dead_letter.field) == ("unknown type 'lead.vanished'", "type")
        assert dead_letter.value == VANISHED
        repair = repair_of(["type=lead.created"], [], None)
        (outcome,) = await send_again(settings, [dead_letter], repair, NOW)
        assert (outcome.topics, outcome.rejected) == (("crm.lead",), None)
        (sent,) = await read_dead_letters(settings)
        assert sent.sent_again == "2026-05-28T20:26:40.000Z"


async def test_dead_letter_that_is_still_not_an_event_keeps_waiting(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        found = await some(settings, 1)
        (outcome,) = await send_again(settings, found, repair_of([], [], None), NOW)
        assert outcome.rejected is not None
        assert outcome.rejected.field == "type"
        (dead_letter,) = await read_dead_letters(settings)
        assert dead_letter.sent_again is None


async def test_the_command_lists_shows_and_sends(settings: Settings, tmp_path: Path) -> None:
    with worker_processes(settings, tmp_path) as workers:
        workers.start()
        await produce_bytes(settings, "crm.lead", VANISHED)
        (dead_letter,) = await some(settings, 1)
        offset = str(dead_letter.offset)
        listed = await command(settings, "list")
        assert "unknown type" in listed
        assert "waits" in listed
        assert (await command(settings, "show", offset, "--raw")).encode() == VANISHED
        assert orjson.loads(await command(settings, "show", offset))["field"] == "type"
        sent = await command(settings, "replay", offset, "--set", "type=lead.created")
        assert sent == f"{offset}: sent to crm.lead\n"
        assert await command(settings, "list") == ""


@pytest.mark.parametrize(
    ("source", "more", "sent_to"),
    [
        ("crm.invoice", "", ("crm.invoice",)),
        ("crm.call", "", ("crm.call",)),
        ("crm.invoice", ',"topic":"crm.lead"', ("crm.lead",)),
        ("crm.rep", "", ("crm.lead", "crm.order")),
    ],
)
def test_erasure_without_topic_is_sent_to_the_topic_it_lay_in(
    source: str, more: str, sent_to: tuple[str, ...]
) -> None:
    dead_letter = DeadLetter(0, "", "", None, source, 0, 0, None, None)
    event = decode(
        b'{"id":"x","type":"subject.erased","at":"2026-05-01T10:00:00Z","subject":"a1"%b}'
        % more.encode()
    )
    assert isinstance(event, Event)
    assert destinations(dead_letter, event) == sent_to


def test_fields_are_set_as_text_or_json_and_dropped() -> None:
    repair = repair_of(["rep=ann", "links:=2", "amount=12.50"], ["junk"], None)
    assert orjson.loads(repair(letter(b'{"junk":1,"id":"7"}')) or b"") == {
        "id": "7",
        "rep": "ann",
        "links": 2,
        "amount": "12.50",
    }


@pytest.mark.parametrize("value", [None, b"no JSON", b"[1]"])
def test_value_that_is_not_an_object_can_only_be_replaced_whole(value: bytes | None) -> None:
    with pytest.raises(CannotRepair, match="--value"):
        repair_of(["rep=ann"], [], None)(letter(value))
    assert repair_of([], [], b"{}")(letter(value)) == b"{}"


@pytest.mark.parametrize("assignment", ["rep", "=ann", ":=1", "links:=two"])
def test_malformed_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(CannotRepair, match=r"name=text|not JSON"):
        repair_of([assignment], [], None)


HEADERS = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"7"),
    ("ce_source", b"/crm"),
    ("ce_type", b"lead.created"),
    ("ce_subject", b"lead-1"),
)


def test_cloudevent_is_repaired_as_the_canonical_event_that_it_is() -> None:
    repair = repair_of(["at=2026-05-01T10:00:00Z"], [], None)
    assert orjson.loads(repair(letter(b'{"rep":"ann"}', HEADERS)) or b"") == {
        "id": "/crm 7",
        "source": "/crm",
        "type": "lead.created",
        "at": "2026-05-01T10:00:00Z",
        "subject": "lead-1",
        "rep": "ann",
    }


def test_cloudevent_that_is_no_event_at_all_can_only_be_replaced_whole() -> None:
    with pytest.raises(CannotRepair, match=r"^source: missing source: .*--value"):
        repair_of([], [], None)(letter(b"{}", (*HEADERS[:2], *HEADERS[3:])))


def letter(value: bytes | None, headers: tuple[tuple[str, bytes | None], ...] = ()) -> DeadLetter:
    """A dead letter with these bytes."""
    return DeadLetter(0, "", "", None, "crm.lead", 0, 0, b"lead-1", value, headers)


async def some(settings: Settings, count: int) -> list[DeadLetter]:
    """Wait for this many dead letters and return them."""
    found: list[DeadLetter] = []

    async def are_there() -> bool:
        found[:] = await read_dead_letters(settings)
        return len(found) >= count

    await eventually(are_there)
    return found


async def command(settings: Settings, *arguments: str) -> str:
    """Run `sales-kpis dead-letters` and return its output."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", "dead-letters", *arguments],
        env={**os.environ, **environment(settings)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
