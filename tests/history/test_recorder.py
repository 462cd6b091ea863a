"""What is written: the newest record of each key, its trail, and nothing that was deleted."""

from pathlib import Path

import pytest

from streams.history.database import BadHistory, Database
from streams.history.opening import open_database
from streams.history.queries import Queries
from streams.history.recorder import LONGEST_ABSENCE_MS, Recorder
from streams.kafka.topics import ALERTS, CATALOGUE, KPIS
from streams.output.reader import PlacedBatch
from tests.history.published import Topic, alert, bodies, kpi, ms, rows


def of_a_day(value: int, as_of: str) -> tuple[str, bytes]:
    start, end = "2026-03-10T00:00:00+00:00", "2026-03-11T00:00:00+00:00"
    return kpi(value, as_of, window="day", start=start, end=end)


async def newest(database: Database) -> list[bytes]:
    return [text.encode() for (text,) in await rows(database, "kpi_records", "record")]


async def test_rows_are_the_newest_records_byte_for_byte(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1), kpi(2), kpi(5, scope="rep=ann"))
    await topic.record()
    await topic.follow(kpi(3))
    assert sorted(await newest(database)) == sorted([kpi(3)[1], kpi(5, scope="rep=ann")[1]])


async def test_a_tombstone_deletes_the_row_and_its_trail(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1, "2026-03-10T12:00:00+00:00"), kpi(2, "2026-03-11T12:00:00+00:00"))
    await topic.record()
    assert len(await rows(database, "kpi_trail", "key")) == 1
    await topic.follow((kpi()[0], None))
    assert await newest(database) == []
    assert await rows(database, "kpi_trail", "key") == []


async def test_a_record_after_a_tombstone_of_the_same_batch_stays(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1), (kpi()[0], None), kpi(2))
    await topic.record()
    assert await newest(database) == [kpi(2)[1]]


async def test_the_trail_has_the_last_record_of_each_earlier_day(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1, "2026-03-10T09:00:00+00:00"), kpi(2, "2026-03-10T23:00:00+00:00"))
    await topic.record()
    await topic.follow(kpi(3, "2026-03-11T09:00:00+00:00"))
    await topic.follow(kpi(4, "2026-03-11T10:00:00+00:00"), kpi(5, "2026-03-12T10:00:00+00:00"))
    assert await rows(database, "kpi_trail", "day", "value") == [
        ("2026-03-10", "2"),
        ("2026-03-11", "4"),
    ]
    assert await rows(database, "kpi_records", "day", "value") == [("2026-03-12", "5")]


async def test_the_end_of_a_day_belongs_to_it(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1, "2026-03-11T00:00:00+00:00"))
    await topic.record()
    assert await rows(database, "kpi_records", "day") == [("2026-03-10",)]


async def test_a_day_has_no_trail(database: Database) -> None:
    topic = Topic(database)
    topic.send(of_a_day(1, "2026-03-10T12:00:00+00:00"))
    await topic.record()
    await topic.follow(of_a_day(2, "2026-03-11T00:00:00+00:00"))
    assert await rows(database, "kpi_trail", "key") == []


async def test_a_label_that_is_gone_leaves_the_trail(database: Database) -> None:
    topic = Topic(database)
    named = {"counts": {"price": 1, "left Mr Roe": 1}}
    topic.send(kpi(None, "2026-03-10T12:00:00+00:00", parts={"counts": {"price": 1}}))
    await topic.record()
    await topic.follow(kpi(None, "2026-03-11T12:00:00+00:00", parts=named))
    await topic.follow(kpi(None, "2026-03-12T12:00:00+00:00", parts=named))
    await topic.follow(kpi(None, "2026-03-13T12:00:00+00:00", parts={"counts": {"price": 2}}))
    found = await rows(database, "kpi_trail", "day", "record", "labels")
    assert [day for day, *_ in found] == ["2026-03-10", "2026-03-11", "2026-03-12"]
    assert "Roe" not in str(found)
    assert '"as_of":"2026-03-12T12:00:00+00:00"' in found[2][1]
    assert '"parts":{"counts":{"price":1}}' in found[2][1]


async def test_a_restart_goes_on_where_it_was(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1))
    await topic.record()
    again = Recorder(database, KPIS, lambda: topic.clock_ms)
    assert await again.start({0: (0, 7)}) == {0: 1}


async def test_a_batch_whose_answer_was_lost_is_written_once(database: Database) -> None:
    topic = Topic(database, ALERTS)
    topic.send(alert())
    await topic.record()
    topic.send((alert()[0], None))
    first, second = (Recorder(database, ALERTS, lambda: topic.clock_ms) for _ in range(2))
    for each in (first, second):
        await each.start({0: (0, 2)})
    for each in (first, second):
        await each.write(PlacedBatch(topic.entries[1:], {0: 2}, is_caught_up=True))
    assert await rows(database, "ended_alerts", "kind", "rep") == [("lead_unanswered", "ann")]


async def test_a_second_process_that_writes_is_noticed(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1))
    await topic.record()
    other = Recorder(database, KPIS, lambda: topic.clock_ms)
    await other.start({0: (0, 1)})
    await topic.follow(kpi(2), kpi(3))
    with pytest.raises(BadHistory, match="another process writes this history"):
        await other.write(PlacedBatch(topic.entries[1:2], {0: 2}, is_caught_up=True))


async def test_a_new_topic_replaces_what_the_deleted_one_had(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1), kpi(2), kpi(9, scope="rep=gone"))
    await topic.record()
    new = Topic(database)
    new.send(kpi(1))
    await new.record()
    assert await newest(database) == [kpi(1)[1]]


async def test_what_was_deleted_during_a_long_absence_goes(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1), kpi(2, scope="rep=gone"), kpi(2, "2026-03-11T12:00:00+00:00"))
    await topic.record()
    # Compacted away in the meantime: both records of the rep, the tombstone included.
    topic.entries = [each for each in topic.entries if "gone" not in each.key]
    topic.clock_ms += LONGEST_ABSENCE_MS + 1
    await topic.record()
    assert await newest(database) == [kpi(2, "2026-03-11T12:00:00+00:00")[1]]
    assert await rows(database, "kpi_trail", "day") == [("2026-03-10",)]


async def test_a_rebuild_repairs_rows_and_keeps_the_trail(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1, "2026-03-10T12:00:00+00:00"), kpi(2, "2026-03-11T12:00:00+00:00"))
    await topic.record()
    topic.entries = topic.entries[1:]
    async with database.transaction() as session:
        await session.script("UPDATE kpi_records SET value = '7', record = 'x'")
    await topic.record(is_whole=True)
    assert await rows(database, "kpi_records", "value", "record") == [
        ("2", kpi(2, "2026-03-11T12:00:00+00:00")[1].decode())
    ]
    assert await rows(database, "kpi_trail", "value") == [("1",)]


async def test_a_rebuild_that_was_killed_goes_on(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(1), kpi(2, scope="rep=gone"))
    await topic.record()
    topic.entries = topic.entries[:1]
    begun = Recorder(database, KPIS, lambda: topic.clock_ms)
    await begun.start({0: (0, 1)}, is_whole=True)
    await topic.record()
    assert await newest(database) == [kpi(1)[1]]


def contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_sqlite_overwrites_what_is_deleted(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    async with open_database(str(file), is_writer=True) as database:
        topic = Topic(database)
        topic.send(kpi(1, scope="account=Mr Roe"), *(kpi(1, scope=f"rep=r{n}") for n in range(50)))
        await topic.record()
    assert b"Mr Roe" in contents(tmp_path)
    async with open_database(str(file), is_writer=True) as database:
        topic.database = database
        topic.send((kpi(scope="account=Mr Roe")[0], None))
        await topic.record()
    assert b"Mr Roe" not in contents(tmp_path)


async def test_an_ended_alert_leaves_no_subject(database: Database) -> None:
    topic = Topic(database, ALERTS)
    topic.send(alert("mr-roe"))
    await topic.record()
    await topic.follow((alert("mr-roe")[0], None))
    assert await rows(database, "alerts", "key") == []
    found = await rows(database, "ended_alerts", "*")
    assert "mr-roe" not in str(found)
    assert await rows(database, "ended_alerts", "kind", "rep", "since_ms") == [
        ("lead_unanswered", "ann", ms("10T12:00"))
    ]


async def test_the_catalogue_is_kept_with_the_settings_in_force(database: Database) -> None:
    topic = Topic(database, CATALOGUE)
    topic.send(("lead_count", b'{"kpi":"lead_count","kind":"count"}'), ("settings", b'{"a":1}'))
    topic.send(("gone", b'{"kpi":"gone","kind":"sum"}'), ("gone", None))
    await topic.record()
    assert await rows(database, "catalogue", "key", "record") == [
        ("lead_count", '{"kpi":"lead_count","kind":"count"}'),
        ("settings", '{"a":1}'),
    ]


async def test_a_record_of_something_else_is_named(database: Database) -> None:
    topic = Topic(database)
    topic.send(kpi(), ("lead_count|all|day|x", b"{}"))
    with pytest.raises(BadHistory, match=r"sales\.kpis/0 holds a record at 1"):
        await topic.record()


async def test_a_nul_in_a_name_is_kept(database: Database) -> None:
    topic = Topic(database)
    record = kpi(1, scope="rep=a\0b\ue000")
    topic.send(record)
    await topic.record()
    (found,) = await Queries(database).as_of(ms("20"), scopes=["rep=a\0b\ue000"])
    assert (found.key, found.record) == record
    assert bodies(await Queries(database).as_of(ms("20"))) == [record[1]]
