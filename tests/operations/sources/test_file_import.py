"""Exported files become events in Kafka; what is wrong in them is kept for mending."""

import asyncio
import json
from pathlib import Path

import pytest

from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.operations.ingest import SendingFailed
from streams.operations.sources.importing import file_import
from streams.operations.sources.importing.file_import import FileImport, FileToImport, Imported
from streams.sources.exports.rows import BadFile
from tests.gateway.written import Written
from tests.operations.sources.acme import (
    BAD_AMOUNT,
    BAD_TIME,
    DRAFT,
    HEADER,
    SOLD,
    acme,
    file,
)


def trial(path: Path, folder: Path) -> Imported:
    chosen = FileToImport(path, acme(folder))
    return FileImport(chosen, Settings(), is_trial=True).run(lambda _: None)


async def imported(path: Path, folder: Path, settings: Settings) -> Imported:
    """Import while the event loop runs."""
    work = FileImport(FileToImport(path, acme(folder)), settings)
    return await asyncio.to_thread(work.run, lambda _: None)


async def test_rows_become_events(settings: Settings, written: Written, tmp_path: Path) -> None:
    path = file(tmp_path, [SOLD, DRAFT])
    done = await imported(path, tmp_path, settings)
    at = done.position
    assert (done.kind, at.rows, at.events, at.rejected, at.ignored) == ("deals", 2, 1, 0, 1)
    (record,) = await written.records()
    assert record.key == b"acme:deal:7"
    assert json.loads(record.value) == {
        "type": "deal.changed",
        "id": '["7","2026-03-02T09:15:00"]',
        "at": "2026-03-02T08:15:00Z",
        "subject": "acme:deal:7",
        "source": "acme",
        "deal": "7",
        "stage": "Sold",
        "status": "won",
        "amount": "1250.50",
        "currency": "EUR",
    }


async def test_import_that_was_interrupted_goes_on(
    settings: Settings, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_import, "POSITION_ROWS", 10)
    rows = [SOLD.replace("7", str(number), 1) for number in range(100, 135)]
    rows[3] = BAD_AMOUNT
    path = file(tmp_path, rows)
    work = FileImport(FileToImport(path, acme(tmp_path)), settings)

    def stop(_: int) -> None:
        if work._at.rows >= 25:
            raise KeyboardInterrupt

    monkeypatch.setattr(file_import, "ROWS_PER_REPORT", 1)
    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(work.run, stop)
    done = await imported(path, tmp_path, settings)
    assert (done.skipped, done.position.rows, done.position.events) == (20, 35, 34)
    keys = {record.key.decode() for record in await written.records()}
    assert keys == {f"acme:deal:{number}" for number in range(100, 135) if number != 103}
    assert done.mending.read_bytes() == (HEADER + BAD_AMOUNT).encode("utf-8-sig")
    assert not path.with_name("deals.csv.position").exists()


async def test_file_that_has_changed_begins_again(
    settings: Settings, written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_import, "POSITION_ROWS", 1)
    path = file(tmp_path, [SOLD])
    work = FileImport(FileToImport(path, acme(tmp_path)), settings)
    monkeypatch.setattr(file_import, "forget_position", lambda _: None)
    await asyncio.to_thread(work.run, lambda _: None)
    path = file(tmp_path, [SOLD, SOLD.replace("7", "8", 1)])
    assert (await imported(path, tmp_path, settings)).skipped == 0
    assert await written.count() == 3


def test_rejected_rows_are_kept_for_mending(tmp_path: Path) -> None:
    path = file(tmp_path, [SOLD, BAD_AMOUNT, DRAFT, BAD_TIME])
    done = trial(path, tmp_path)
    assert done.mending == tmp_path / "deals.rejected.csv"
    assert done.mending.read_bytes() == (HEADER + BAD_AMOUNT + BAD_TIME).encode("utf-8-sig")
    assert done.reasons.read_text().splitlines() == [
        'line 3, field Budget: "twelve" is no number with a decimal comma',
        "line 5, field at (rule deal): changed gives nothing",
    ]
    assert [str(wrong) for wrong in done.wrong] == done.reasons.read_text().splitlines()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_rejected_rows_have_the_encoding_of_the_file(tmp_path: Path, encoding: str) -> None:
    content = (
        "\ufeff" + HEADER + SOLD.replace("Sold", "Größe") + BAD_AMOUNT.replace("Sold", "Größe")
    )
    path = tmp_path / "deals.csv"
    path.write_bytes(content.encode(encoding))
    done = trial(path, tmp_path)
    mended = tmp_path / "mended.csv"
    mended.write_bytes(
        done.mending.read_bytes().replace("twelve".encode(encoding), "12".encode(encoding))
    )
    assert trial(mended, tmp_path).position.events == 1


def test_bytes_that_cannot_be_read_survive(tmp_path: Path) -> None:
    path = file(tmp_path, [SOLD])
    row = b"8;Gr\xf6\xdfe;12,00;02.03.2026 09:15\r\n"
    path.write_bytes(path.read_bytes() + row)
    assert trial(path, tmp_path).mending.read_bytes().endswith(row)


def test_what_an_earlier_import_rejected_is_removed(tmp_path: Path) -> None:
    assert trial(file(tmp_path, [BAD_TIME]), tmp_path).mending.exists()
    done = trial(file(tmp_path, [SOLD]), tmp_path)
    assert not done.mending.exists()
    assert not done.reasons.exists()


def test_file_of_no_kind_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(b"ID,Site\n1,a\n")
    with pytest.raises(BadFile, match="deals lacks Stage; the file's columns are ID, Site"):
        trial(path, tmp_path)


def test_unavailable_kafka_is_reported(tmp_path: Path) -> None:
    settings = Settings(bootstrap=f"127.0.0.1:{free_port('127.0.0.1')}")
    work = FileImport(FileToImport(file(tmp_path, [SOLD]), acme(tmp_path)), settings)
    with pytest.raises(SendingFailed, match="took 0 records"):
        work.run(lambda _: None)
