"""The past over the API: trends and as-of, from a real history."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.history.published import kpi
from tests.page.serving import Page, alert_record, keep, serving, three_roles
from tests.page.views.document import parse


def day(number: int, value: str, scope: str = "all", hour: int = 12) -> tuple[str, bytes]:
    """The record of revenue won on a day of March, as it stood at an hour of that day."""
    start, end = (f"2026-03-{each:02d}T00:00:00+00:00" for each in (number, number + 1))
    as_of = f"2026-03-{number:02d}T{hour:02d}:00:00+00:00"
    return kpi(value, as_of, "revenue_won", scope, "day", start, end)


def month(value: str, number: int) -> tuple[str, bytes]:
    """The record of revenue won in March, as it stood at noon of a day."""
    return kpi(value, f"2026-03-{number:02d}T12:00:00+00:00", "revenue_won")


def raised(subject: str, rep: str | None, number: int) -> tuple[str, bytes]:
    """A lead that has waited since noon of a day of March."""
    since = f"2026-03-{number:02d}T12:00:00+00:00"
    return f"lead_unanswered|{subject}", alert_record(subject, rep, since=since)


# What has ended did so on 20 March.
ALERTS: list[tuple[str, bytes | None]] = [
    raised("lead-1", "ann", 2),
    raised("lead-2", "bob", 3),
    raised("lead-3", "ann", 2),
    raised("lead-4", None, 2),
    ("lead_unanswered|lead-3", None),
    ("lead_unanswered|lead-4", None),
]


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page with three days of history, and months that grew."""
    past = tmp_path / "history.sqlite"
    days = (day(2, "10.00"), day(3, "20.00"), day(4, "30.00"), day(3, "5.00", "rep=ann"))
    months = [month("10.00", 2), month("30.00", 3), month("60.00", 4)]
    await keep(past, *days, followed=months, alerts=ALERTS)
    async with serving(three_roles(), history=past) as made:
        yield made


async def test_a_trend_is_the_windows_of_some_days_in_order(page: Page) -> None:
    path = "/api/history?kpi=revenue_won&window=day&from=2026-03-02&to=2026-03-03"
    _, content = await page.get(path, "all")
    assert [(point["start"][:10], point["value"]) for point in content["points"]] == [
        ("2026-03-02", "10.00"),
        ("2026-03-03", "20.00"),
    ]
    assert content["points"][1]["record"]["as_of"] == "2026-03-03T12:00:00+00:00"


async def test_a_trend_of_a_hidden_scope_is_empty(page: Page) -> None:
    path = "/api/history?kpi=revenue_won&scope=all"
    assert await page.get(path, "ann") == (200, {"points": []})


async def test_a_trend_of_ones_own_scope_is_there(page: Page) -> None:
    _, content = await page.get("/api/history?kpi=revenue_won&scope=rep=ann", "ann")
    assert [point["value"] for point in content["points"]] == ["5.00"]


async def test_records_as_of_a_day_are_those_of_its_end(page: Page) -> None:
    path = "/api/kpis?kpi=revenue_won&window=month&as_of=2026-03-03"
    _, content = await page.get(path, "all")
    assert [record["value"] for record in content["records"]] == ["30.00"]
    assert content["position"] is None


async def test_records_as_of_a_day_of_nothing_that_is_seen_are_none(page: Page) -> None:
    _, content = await page.get("/api/kpis?scope=all&as_of=2026-03-03", "ann")
    assert content["records"] == []


async def test_a_view_as_of_a_day_shows_that_day(page: Page) -> None:
    url = f"{page.url}/pipeline?window=month&as_of=2026-03-03"
    async with page.session.get(url, headers=page.bearer("all")) as response:
        text = await response.text()
        assert response.status == 200
        assert "60.00" not in text


async def test_a_history_that_is_begun_later_is_found(tmp_path: Path) -> None:
    past = tmp_path / "history.sqlite"
    async with serving(history=past) as page:
        assert (await page.get("/api/history?kpi=revenue_won"))[0] == 404
        await keep(past, day(2, "10.00"))
        _, content = await page.get("/api/history?kpi=revenue_won")
        assert [point["value"] for point in content["points"]] == ["10.00"]


async def test_alerts_of_a_day_are_those_that_stood_at_its_end(page: Page) -> None:
    _, content = await page.get("/api/alerts?as_of=2026-03-02", "all")
    assert [alert["subject"] for alert in content["alerts"]] == ["lead-1"]
    assert content["ended"] == [
        {
            "kind": "lead_unanswered",
            "rep": rep,
            "since": "2026-03-02T12:00:00+00:00",
            "ended": "2026-03-20T00:00:00+00:00",
        }
        for rep in (None, "ann")
    ]
    assert content["position"] is None


@pytest.mark.parametrize(
    ("as_of", "standing", "ended"),
    [
        ("2026-03-02T11:59:00Z", [], 0),
        ("2026-03-03", ["lead-1", "lead-2"], 2),
        ("2026-03-20", ["lead-1", "lead-2"], 0),
    ],
)
async def test_alerts_stand_from_their_beginning_until_their_end(
    page: Page, as_of: str, standing: list[str], ended: int
) -> None:
    _, content = await page.get(f"/api/alerts?as_of={as_of}", "all")
    assert [alert["subject"] for alert in content["alerts"]] == standing
    assert len(content["ended"]) == ended


async def test_past_alerts_are_those_of_who_may_see_them(page: Page) -> None:
    _, content = await page.get("/api/alerts?as_of=2026-03-03", "ann")
    assert [alert["subject"] for alert in content["alerts"]] == ["lead-1"]
    assert [each["rep"] for each in content["ended"]] == ["ann"]
    _, content = await page.get("/api/alerts?as_of=2026-03-03&scope=rep=bob", "all")
    assert ([alert["subject"] for alert in content["alerts"]], content["ended"]) == (["lead-2"], [])


async def test_view_of_alerts_shows_another_day(page: Page) -> None:
    url = f"{page.url}/alerts?as_of=2026-03-03"
    async with page.session.get(url, headers=page.bearer("all")) as response:
        assert response.status == 200
        document = parse(await response.text())
    standing, ended = document.all(name="alerts")
    assert [each.text for each in standing.all(name="subject")] == ["lead-1", "lead-2"]
    # As long as on that day, and not until now.
    assert [each.text for each in standing.all("time")] == ["36 hr", "12 hr"]
    assert [each.text for each in ended.all("li")] == [
        "Leads without an answer since Mar 2, 12:00 · without a rep Mar 20, 00:00",
        "Leads without an answer since Mar 2, 12:00 · ann Mar 20, 00:00",
    ]
