"""The storage that a broker begins with is the one that Kafka's own tool makes."""

from pathlib import Path

from aiokafka.record.memory_records import MemoryRecords
from rich.console import Console

from streams.broker.embedded import runtime
from streams.broker.properties import STORAGE
from streams.broker.storage import CHECKPOINT, formatted, lay_out


def contents(storage: Path) -> tuple[set[str], dict[str, str], list[tuple[bytes, bytes]]]:
    """The names of the files, the lines that identify the storage, and the first records."""
    lines = (storage / "meta.properties").read_text().splitlines()
    identity = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    batches = MemoryRecords((storage / CHECKPOINT.name).read_bytes())
    records = []
    while (batch := batches.next_batch()) is not None:
        # What encloses the records has the time of their writing.
        if not batch.is_control_batch:
            records += [(record.key, record.value) for record in batch]
    return {file.name for file in storage.iterdir()}, identity, records


def test_storage_is_as_kafkas_tool_formats_one(tmp_path: Path) -> None:
    lay_out(tmp_path)
    files, identity, records = contents(tmp_path / STORAGE)
    folder = tmp_path / "tool"
    folder.mkdir()
    wanted_files, wanted_identity, wanted_records = contents(
        formatted(runtime(Console(stderr=True)), folder)
    )
    assert files == wanted_files
    assert len(records) > 1
    assert records == wanted_records
    assert identity.keys() == wanted_identity.keys()
    differing = {name for name, text in identity.items() if text != wanted_identity[name]}
    assert differing == {"cluster.id", "directory.id"}
    assert all(len(identity[name]) == len(wanted_identity[name]) for name in differing)


def test_every_storage_has_ids_of_its_own(tmp_path: Path) -> None:
    ids = set()
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        lay_out(folder)
        identity = contents(folder / STORAGE)[1]
        ids |= {identity["cluster.id"], identity["directory.id"]}
    assert len(ids) == 4


def test_storage_that_is_there_stays(tmp_path: Path) -> None:
    lay_out(tmp_path)
    before = contents(tmp_path / STORAGE)
    lay_out(tmp_path)
    assert contents(tmp_path / STORAGE) == before


def test_interrupted_formatting_is_done_again(tmp_path: Path) -> None:
    half = tmp_path / f"{STORAGE}.new"
    half.mkdir()
    (half / "meta.properties").write_text("version=")
    lay_out(tmp_path)
    assert not half.exists()
    assert contents(tmp_path / STORAGE)[1]["version"] == "1"
