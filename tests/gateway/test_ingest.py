"""A file of events is written to the topics as requests would be."""

import asyncio
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.gateway.limits import EVENT_BYTES
from streams.operations.ingest import SendingFailed, ingest, report
from tests.gateway.samples import (
    array,
    deal,
    lines,
)
from tests.gateway.sending import Sender
from tests.gateway.written import Written

MARK = b"\xef\xbb\xbf"
REP = b'{"id":"r","type":"rep.set","at":"2026-03-02T09:15:00Z","rep":"ann"}'


def file(folder: Path, *events: bytes) -> Path:
    """Write a file of lines."""
    path = folder / "events.jsonl"
    path.write_bytes(lines(*events))
    return path


async def off_loop(path: Path, settings: Settings) -> tuple[int, list[tuple[int, str | None]]]:
    """Ingest while the event loop runs; return the number sent and the places of bad lines."""
    done = await asyncio.to_thread(ingest, path, settings, Console(file=StringIO()))
    return done.sent, [(problem.line, problem.field) for problem in done.bad]


async def test_every_line_is_written_byte_for_byte(
    settings: Settings, written: Written, tmp_path: Path
) -> None:
    events = [deal(n, f"lead-{n % 7}", f',"score":{n}.50') for n in range(5000)]
    path = file(tmp_path, REP, *events)
    assert await off_loop(path, settings) == (5001, [])
    found = await written.records()
    assert sorted(record.value for record in found) == sorted([REP, *events])
    for subject in {record.key for record in found} - {b"ann"}:
        mine = [record.value for record in found if record.key == subject]
        assert mine == [event for event in events if b'"' + subject + b'"' in event]


async def test_byte_order_mark_is_no_part_of_the_first_line(
    settings: Settings, written: Written, tmp_path: Path
) -> None:
    room = EVENT_BYTES - len(deal(1, more=',"x":""'))
    longest = deal(1, more=',"x":"' + "x" * room + '"')
    assert len(longest) == EVENT_BYTES
    for first in (deal(1), longest):
        path = file(tmp_path, MARK + first, MARK + deal(2))
        # One anywhere else is no white space, in JSON or in files.
        assert await off_loop(path, settings) == (1, [(2, None)])
    assert [record.value for record in await written.records()] == [deal(1), longest]
    path = file(tmp_path, MARK + longest.replace(b"xx", b"xxx", 1))
    assert await off_loop(path, settings) == (0, [(1, None)])


async def test_a_subject_has_the_partition_it_has_by_the_gateway(
    settings: Settings, sender: Sender, written: Written, tmp_path: Path
) -> None:
    events = [deal(n, f"lead-{n}-ü") for n in range(40)]
    assert await off_loop(file(tmp_path, *events), settings) == (40, [])
    assert (await sender.post(array(*events))).status == 202
    partitions = {(record.key, record.partition) for record in await written.records()}
    assert len(partitions) == 40
    assert len({partition for _, partition in partitions}) == settings.partitions


async def test_bad_lines_are_reported_and_the_others_sent(
    settings: Settings, written: Written, tmp_path: Path
) -> None:
    long = deal(1, more=',"x":"' + "x" * 3 * EVENT_BYTES + '"')
    path = file(
        tmp_path, deal(1), b"", b"{", long, deal(2, more=',"amount":1.5'), b" " + deal(3) + b"\r"
    )
    assert await off_loop(path, settings) == (2, [(3, None), (4, None), (5, "amount")])
    assert sorted(record.value for record in await written.records()) == [deal(1), deal(3)]


async def test_the_last_line_needs_no_end(
    settings: Settings, written: Written, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(deal(1) + b"\n" + deal(2))
    assert await off_loop(path, settings) == (2, [])
    assert await written.count() == 2


def test_many_bad_lines_are_counted_and_the_first_are_named(
    settings: Settings, tmp_path: Path
) -> None:
    output = StringIO()
    done = ingest(file(tmp_path, deal(1), *[b"{}"] * 250), settings, Console(file=output))
    assert (done.sent, done.rejected, len(done.bad), done.exit_code) == (1, 250, 100, 1)
    report(done, Console(file=output, width=200))
    assert "line 2, field type: missing type" in output.getvalue()
    assert "and 150 more" in output.getvalue()
    assert "250 lines are not events and were not sent" in output.getvalue()


def test_an_unavailable_kafka_is_reported(tmp_path: Path) -> None:
    settings = Settings(bootstrap=f"127.0.0.1:{free_port('127.0.0.1')}")
    with pytest.raises(SendingFailed, match="took 0 records"):
        ingest(file(tmp_path, deal(1)), settings, Console(file=StringIO()))
