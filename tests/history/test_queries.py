"""What the history answers: trends, as of an instant, levels carried forward, changes."""

import pytest

from streams.history.database import Database
from streams.history.queries import Queries
from streams.history.store import EndedAlert, History, PastAlerts
from streams.kafka.topics import ALERTS, CATALOGUE
from tests.history.published import Topic, alert, bodies, kpi, ms

FAR = ms("30")


def day(
    number: int, value: object, name: str = "lead_count", scope: str = "all"
) -> tuple[str, bytes]:
    """Give the record of a day that is over."""
    start, end = (f"2026-03-{each:02d}T00:00:00+00:00" for each in (number, number + 1))
    return kpi(value, end, name, scope, "day", start, end)


@pytest.fixture
def history(database: Database) -> History:
    return Queries(database)


async def recorded(database: Database, *records: tuple[str, bytes | None]) -> None:
    topic = Topic(database)
    topic.send(*records)
    await topic.record()
    entries = Topic(database, CATALOGUE)
    entries.send(("open", b'{"kind":"level"}'), ("lead_count", b'{"kind":"count"}'))
    await entries.record()


async def test_points_are_the_windows_of_a_span_in_order(
    database: Database, history: History
) -> None:
    await recorded(database, *(day(n, n) for n in (5, 3, 4, 6)), day(4, 9, scope="rep=ann"))
    found = await history.points("lead_count", "all", "day", ms("03"), ms("06"))
    assert [(each.start[:10], each.start_ms, each.value) for each in found] == [
        ("2026-03-03", ms("03"), "3"),
        ("2026-03-04", ms("04"), "4"),
        ("2026-03-05", ms("05"), "5"),
    ]
    assert bodies(found) == [day(n, n)[1] for n in (3, 4, 5)]


async def test_money_stays_exact(database: Database, history: History) -> None:
    await recorded(database, day(3, "90071992547409931.10"))
    (point,) = await history.points("lead_count", "all", "day", ms("03"), ms("04"))
    assert point.value == "90071992547409931.10"


async def test_a_window_without_a_value_is_a_point_without_one(
    database: Database, history: History
) -> None:
    await recorded(database, day(3, None))
    (point,) = await history.points("lead_count", "all", "day", ms("03"), ms("04"))
    assert point.value is None


async def test_a_running_month_is_given_as_it_stood(database: Database, history: History) -> None:
    stood = [kpi(n, f"2026-03-{n}T12:00:00+00:00") for n in (10, 11, 12)]
    await recorded(database, *stood)
    assert bodies(await history.as_of(ms("10T11:59"))) == []
    assert bodies(await history.as_of(ms("11"))) == [stood[0][1]]
    assert bodies(await history.as_of(ms("12"))) == [stood[1][1]]
    assert bodies(await history.as_of(FAR)) == [stood[2][1]]


async def test_as_of_selects(database: Database, history: History) -> None:
    mine = day(3, 1, scope="rep=ann")
    await recorded(database, mine, day(3, 2), kpi(3, scope="rep=ann"), day(3, 4, "calls"))
    found = await history.as_of(FAR, ["lead_count"], ["rep=ann", "rep=bob"], ["day", "week"])
    assert [(each.key, each.record) for each in found] == [mine]


async def test_as_of_can_leave_out_windows_that_were_over(
    database: Database, history: History
) -> None:
    await recorded(database, day(3, 1), day(4, 2), kpi(3, "2026-03-04T12:00:00+00:00"))
    found = await history.as_of(ms("05"), since_ms=ms("05") - 1)
    assert bodies(found) == [day(4, 2)[1], kpi(3, "2026-03-04T12:00:00+00:00")[1]]


async def test_a_level_is_carried_forward(database: Database, history: History) -> None:
    steps = [day(3, 10, "open"), day(6, 20, "open"), day(5, 7, "open", "rep=ann")]
    await recorded(database, *steps, day(3, 1))
    assert bodies(await history.levels(ms("03"))) == []
    assert bodies(await history.levels(ms("05"))) == [steps[0][1]]
    assert bodies(await history.levels(ms("06"))) == [steps[0][1], steps[2][1]]
    assert bodies(await history.levels(ms("20"), ["open"], ["all"])) == [steps[1][1]]


async def test_the_view_of_levels_says_until_when_each_held(database: Database) -> None:
    await recorded(database, day(3, 10, "open"), day(6, 20, "open"))
    found = await database.fetch(
        "SELECT CAST(first_day AS TEXT), CAST(next_day AS TEXT), value FROM kpi_levels"
        " ORDER BY first_day"
    )
    assert found == [("2026-03-03", "2026-03-06", "10"), ("2026-03-06", None, "20")]


async def test_changes_show_how_a_value_came_about(database: Database, history: History) -> None:
    stood = [kpi(n, f"2026-03-{n}T12:00:00+00:00") for n in (10, 11, 12)]
    await recorded(database, *stood)
    found = await history.changes(ms("11"), FAR, windows=["month"])
    assert [(each.as_of_ms, each.record) for each in found] == [
        (ms("11T12:00"), stood[1][1]),
        (ms("12T12:00"), stood[2][1]),
    ]


async def test_alerts_that_stood_are_known_by_name_while_they_stand(
    database: Database, history: History
) -> None:
    topic = Topic(database, ALERTS)
    topic.send(alert("l1"), alert("l2", "bob\0"), (alert("l2")[0], None))
    await topic.record()
    before, then, after = [
        await history.alerts(ms(day)) for day in ("10T11:59", "10T12:00", "20T00:00")
    ]
    assert (before, after) == (PastAlerts([], []), PastAlerts([alert("l1")], []))
    ended = EndedAlert("lead_unanswered", "bob\0", ms("10T12:00"), ms("20"))
    assert then == PastAlerts([alert("l1")], [ended])


async def test_an_empty_history_has_no_beginning(history: History) -> None:
    assert await history.since_ms() is None


async def test_the_history_begins_with_its_earliest_window(
    database: Database, history: History
) -> None:
    await recorded(database, day(4, 1), day(3, 1))
    assert await history.since_ms() == ms("03")
