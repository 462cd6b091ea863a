"""What was withdrawn today: from midnight on, for who may see it, and not what stands again."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from streams.page.live.withdrawn import MOST_WITHDRAWN, Withdrawal, Withdrawals
from tests.page.serving import NOW, Page, alert_record, serving, three_roles
from tests.page.views.document import parse

HOUR_MS = 3_600_000
NOW_MS = int(datetime.fromisoformat(NOW).timestamp() * 1_000)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page with three roles at noon; two alerts were withdrawn today, and one yesterday."""
    async with serving(three_roles()) as made:
        for subject, rep, hours in (("lead-1", "ann", 1), ("lead-2", "bob", 2), ("old", "ann", 13)):
            made.alerts.update(f"k|{subject}", alert_record(subject, rep))
            made.alerts.update(f"k|{subject}", None, NOW_MS - hours * HOUR_MS)
        yield made


async def withdrawn(page: Page, role: str, query: str = "") -> list[str]:
    """The list of a role: subject, whose it was, and when it was withdrawn."""
    url = f"{page.url}/alerts{query}"
    async with page.session.get(url, headers=page.bearer(role)) as response:
        assert response.status == 200
        document = parse(await response.text())
    return [item.text for each in document.all(name="ended") for item in each.all("li")]


async def test_what_was_withdrawn_today_is_listed_the_newest_first(page: Page) -> None:
    assert await withdrawn(page, "all") == [
        "lead-1 Leads without an answer · ann 11:00",
        "lead-2 Leads without an answer · bob 10:00",
    ]


@pytest.mark.parametrize(("role", "subjects"), [("ann", ["lead-1"]), ("south", ["lead-2"])])
async def test_each_role_sees_what_was_its_own(page: Page, role: str, subjects: list[str]) -> None:
    assert [text.split()[0] for text in await withdrawn(page, role)] == subjects


async def test_a_rep_may_be_chosen(page: Page) -> None:
    found = await withdrawn(page, "all", "?scope=rep%3Dbob")
    assert [text.split()[0] for text in found] == ["lead-2"]


async def test_what_stands_again_is_not_withdrawn(page: Page) -> None:
    page.alerts.update("k|lead-1", alert_record("lead-1", "ann"))
    assert await withdrawn(page, "ann") == []


async def test_what_passed_to_another_rep_is_withdrawn_for_nobody(page: Page) -> None:
    page.alerts.update("k|lead-3", alert_record("lead-3", "ann"))
    page.alerts.update("k|lead-3", alert_record("lead-3", "bob"))
    assert [text.split()[0] for text in await withdrawn(page, "ann")] == ["lead-1"]


async def test_a_wall_and_every_language_show_it(page: Page) -> None:
    for query in ("?tv=1", "?lang=bg", "?lang=fa", "?lang=hy"):
        assert len(await withdrawn(page, "all", query)) == 2


def test_the_oldest_withdrawal_makes_room() -> None:
    found = Withdrawals()
    for number in range(MOST_WITHDRAWN + 1):
        found.add(Withdrawal(f"k|{number}", "rep=ann", b"{}", number))
    assert [each.at_ms for each in found.since(0, None)] == list(range(1, MOST_WITHDRAWN + 1))
