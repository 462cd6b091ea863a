"""Each task applies the worker's reference records once, at its own time."""

from streams.config.settings import Settings
from streams.events import ReferenceRecord, decode
from streams.tasks.metrics_port import NoMetrics
from streams.tasks.reference_data import ReferenceCursor, ReferenceData


def test_cursor_gives_each_record_once_and_the_offsets_after_them() -> None:
    data = ReferenceData(Settings(), NoMetrics())
    first, second = rep("r1"), rep("r2")
    data.append("crm.rep", 0, first)
    data.offsets["crm.rep"] = 1
    cursor = ReferenceCursor(data)
    assert cursor.offsets == {}
    assert list(cursor.advance()) == [first]
    data.append("crm.rep", 1, second)
    data.offsets["crm.rep"] = 2
    assert cursor.offsets["crm.rep"] == 1
    assert list(cursor.advance()) == [second]
    assert cursor.offsets["crm.rep"] == 2
    assert list(cursor.advance()) == []


def test_records_before_and_after_earlier_positions_are_told_apart() -> None:
    earlier = ReferenceData(Settings(), NoMetrics())
    cursor = ReferenceCursor(earlier)
    earlier.append("crm.rep", 0, rep("r1"))
    cursor.advance()
    data = ReferenceData(Settings(), NoMetrics())
    for offset, name in enumerate(("r1", "r2")):
        data.append("crm.rep", offset, rep(name))
    following = ReferenceCursor(data)
    assert following.advance_from(cursor.positions) == ([rep("r1")], [rep("r2")])
    assert list(following.advance()) == []


def test_positions_after_other_records_give_none() -> None:
    earlier, data = (ReferenceData(Settings(), NoMetrics()) for _ in range(2))
    cursor, following = ReferenceCursor(earlier), ReferenceCursor(data)
    earlier.append("crm.rep", 0, rep("r1"))
    cursor.advance()
    data.append("crm.rep", 0, rep("another"))
    assert following.advance_from(cursor.positions) is None
    assert list(following.advance()) == [rep("another")]
    assert (
        ReferenceCursor(ReferenceData(Settings(), NoMetrics())).advance_from(cursor.positions)
        is None
    )


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
