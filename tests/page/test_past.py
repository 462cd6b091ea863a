"""The past over the API: trends and as-of, from a real history."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.history.published import kpi
from tests.page.serving import Page, keep, serving, three_roles


def day(number: int, value: str, scope: str = "all", hour: int = 12) -> tuple[str, bytes]:
    """The record of revenue won on a day of March, as it stood at an hour of that day."""
    start, end = (f"2026-03-{each:02d}T00:00:00+00:00" for each in (number, number + 1))
    as_of = f"2026-03-{number:02d}T{hour:02d}:00:00+00:00"
    return kpi(value, as_of, "revenue_won", scope, "day", start, end)


def month(value: str, number: int) -> tuple[str, bytes]:
    """The record of revenue won in March, as it stood at noon of a day."""
    return kpi(value, f"2026-03-{number:02d}T12:00:00+00:00", "revenue_won")


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page with three days of history, and months that grew."""
    past = tmp_path / "history.sqlite"
    days = (day(2, "10.00"), day(3, "20.00"), day(4, "30.00"), day(3, "5.00", "rep=ann"))
    months = [month("10.00", 2), month("30.00", 3), month("60.00", 4)]
    await keep(past, *days, followed=months)
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
