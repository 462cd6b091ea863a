"""Each task applies the worker's reference records once, at its own time."""

from streams.config.settings import Settings
from streams.events import ReferenceRecord, decode
from streams.tasks.metrics_port import NoMetrics
from streams.tasks.reference_data import ReferenceCursor, ReferenceData


def test_cursor_gives_each_record_once_and_the_offsets_after_them() -> None:
    data = ReferenceData(Settings(), NoMetrics())
    first, second = rep("r1"), rep("r2")
    data.records.append(first)
    data.offsets["crm.rep"] = 1
    cursor = ReferenceCursor(data)
    assert cursor.offsets == {}
    assert list(cursor.advance()) == [first]
    data.records.append(second)
    data.offsets["crm.rep"] = 2
    assert cursor.offsets["crm.rep"] == 1
    assert list(cursor.advance()) == [second]
    assert cursor.offsets["crm.rep"] == 2
    assert list(cursor.advance()) == []


def test_rejected_records_before_an_offset_have_their_dead_letters_already() -> None:
    data = ReferenceData(Settings(), NoMetrics())
    data.rejected += [("crm.rate", 3, (b"a", b"old")), ("crm.rate", 4, (b"b", b"new"))]
    data.rejected.append(("crm.rep", 0, (b"c", b"first")))
    rejected = ReferenceCursor(data).rejected_since({"crm.rate": 4})
    assert rejected == [(b"b", b"new"), (b"c", b"first")]


def rep(name: str) -> ReferenceRecord:
    """A rep as the reference topic has it."""
    record = decode(
        b'{"type":"rep.set","id":"%b","at":"2026-05-01T00:00:00Z","rep":"%b"}'
        % (name.encode(), name.encode())
    )
    assert isinstance(record, ReferenceRecord)
    return record
