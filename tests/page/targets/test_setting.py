"""Who may set which target, and what is refused: then nothing is written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules.page import PageAccess, PageRules
from streams.events import TargetSet, decode
from streams.gateway.records import Record
from tests.page.serving import NOW, TOKENS, Page, serving, token_file

LIMITED = ("team=south", "team=north", "rep=ann", "rep=bob")
SCOPES = (
    *LIMITED,
    "all",
    "channel=web",
    "rep=an",
    "rep=",
    "=",
    "rep=ann=bob",
    "team=south,rep=ann",
)
FORM = {"kpi": "revenue_won", "scope": "all", "window": "month", "value": "1000"}
BACK = "/today?scope=rep%3Dann&lang=en"


def one_role(scopes: tuple[str, ...] | None, *, sets_targets: bool = True) -> PageRules:
    """Rules of one token."""
    path = token_file(TOKENS["ann"])
    rule = PageAccess(scopes=scopes, token_file=path, sets_targets=sets_targets)
    return PageRules(access=(rule,))


class Setting:
    """A page on which targets are set, and what was written."""

    def __init__(self, page: Page, written: list[bytes]) -> None:
        self.page = page
        self.written = written

    async def post(self, **changes: str) -> tuple[int, str]:
        """Send the form; gives the status, and the field at fault or where the answer leads."""
        form = {name: text for name, text in {**FORM, **changes}.items() if text}
        headers = {**self.page.bearer("ann"), "Accept": "application/json"}
        async with self.page.session.post(
            self.page.url + "/targets", data=form, headers=headers
        ) as response:
            content = await response.json()
            return response.status, content.get("field") or content.get("status") or ""


@asynccontextmanager
async def setting(rules: PageRules | None = None) -> AsyncIterator[Setting]:
    """Serve for the block."""
    written: list[bytes] = []

    async def write(record: Record) -> None:
        assert record.topics == ("crm.target",)
        written.append(record.value)

    async with serving(rules, write_target=write) as page:
        yield Setting(page, written)


def scope_of(value: bytes) -> str:
    """The scope that a written target is for, as the streams read it."""
    event = decode(value)
    assert isinstance(event, TargetSet)
    return "".join(f"{name}={of}" for name, of in event.scope.items()) or "all"


@given(
    sees=st.sets(st.sampled_from(LIMITED), min_size=1),
    asked=st.lists(
        st.builds(
            lambda scope, before, after: f"{before}{scope}{after}".replace("=", f"{after}="),
            st.sampled_from(SCOPES),
            st.sampled_from(["", " ", "\u00a0", "\t"]),
            st.sampled_from(["", " ", "\u2003", "\u0301"]),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_a_role_sets_targets_of_what_it_sees_alone(sees: set[str], asked: list[str]) -> None:
    asyncio.run(_only_own(sees, asked))


async def _only_own(sees: set[str], asked: list[str]) -> None:
    async with setting(one_role(tuple(sees))) as made:
        for scope in [*asked, *SCOPES]:
            before = len(made.written)
            status, _ = await made.post(scope=scope)
            is_written = len(made.written) > before
            assert is_written == (status == HTTPStatus.OK)
            assert not is_written or scope_of(made.written[-1]) in sees
        # The control: what is seen can be set.
        assert {scope_of(value) for value in made.written} == sees


async def test_a_hidden_scope_is_answered_as_one_that_is_not_there() -> None:
    async with setting(one_role(("rep=ann",))) as made:
        made.page.publish("rep=bob")
        answers = [await made.post(scope=scope) for scope in ("rep=bob", "rep=none", "all")]
        assert answers == [(404, "scope")] * 3


async def test_who_may_set_nothing_sets_nothing() -> None:
    async with setting(one_role(None, sets_targets=False)) as made:
        assert (await made.post())[0] == HTTPStatus.FORBIDDEN
        assert made.written == []


async def test_a_stranger_sets_nothing() -> None:
    async with setting(one_role(None)) as made:
        async with made.page.session.post(made.page.url + "/targets", data=FORM) as response:
            assert response.status == HTTPStatus.UNAUTHORIZED
        assert made.written == []


async def test_without_rules_every_target_can_be_set() -> None:
    async with setting() as made:
        for scope in ("all", "rep=ann", "channel=web"):
            assert await made.post(scope=scope) == (200, "set")
        assert [scope_of(value) for value in made.written] == ["all", "rep=ann", "channel=web"]


async def test_a_target_holds_from_the_instant_of_the_settings_clock() -> None:
    async with setting() as made:
        await made.post(scope="rep=ann", value="1,250.50", start="2026-03-01")
        fields = orjson.loads(made.written[0])
        assert fields.pop("id").startswith("target-")
        assert fields == {
            "type": "target.set",
            "at": NOW.replace("+", ".000+"),
            "kpi": "revenue_won",
            "scope": {"rep": "ann"},
            "window": "month",
            "value": "1250.5",
            "start": "2026-03-01",
        }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": "lots"}, "value"),
        ({"value": ""}, "value"),
        ({"value": "1" * 20}, "value"),
        ({"kpi": "revenue"}, "kpi"),
        ({"scope": "weather=bad"}, "scope"),
        ({"scope": "rep="}, "scope"),
        ({"scope": "all=x"}, "scope"),
        ({"window": "hour"}, "window"),
        ({"start": "yesterday"}, "start"),
        ({"start": "0001-01-01"}, "start"),
        ({"unit": "minutes"}, "unit"),
        ({"lang": "xx"}, "lang"),
        ({"at": "2020-01-01T00:00:00Z"}, "at"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_field(
    changes: dict[str, str], field: str
) -> None:
    async with setting() as made:
        assert await made.post(**changes) == (400, field)
        assert made.written == []


async def test_a_window_that_is_not_counted_is_refused() -> None:
    async with setting() as made:
        rules = {"catalogue": {"choice": {"windows": ["day", "month"]}}}
        made.page.catalogue.update("settings", orjson.dumps({"rules": rules}))
        assert await made.post(window="quarter") == (400, "window")
        assert await made.post(window="month") == (200, "set")
        assert len(made.written) == 1


async def test_a_form_of_another_site_sets_nothing() -> None:
    async with setting() as made:
        headers = {"Sec-Fetch-Site": "cross-site"}
        url = made.page.url + "/targets"
        async with made.page.session.post(url, data=FORM, headers=headers) as response:
            assert response.status == HTTPStatus.FORBIDDEN
        assert made.written == []


async def test_a_form_without_script_leads_back_to_its_page() -> None:
    async with setting() as made:
        url, where = made.page.url + "/targets", {"next": BACK}
        async with made.page.session.post(
            url, params=where, data=FORM, allow_redirects=False
        ) as response:
            assert (response.status, response.headers["Location"]) == (303, BACK)


async def test_a_refusal_without_script_is_a_page_in_the_readers_language() -> None:
    async with setting() as made:
        form = {**FORM, "value": "<много>", "lang": "bg"}
        url, where = made.page.url + "/targets", {"next": BACK}
        async with made.page.session.post(url, params=where, data=form) as response:
            text = await response.text()
            assert response.status == HTTPStatus.BAD_REQUEST
        assert '<html lang="bg" dir="ltr">' in text
        assert "Поле value: „&lt;много&gt;“ не е число" in text
        assert '<a href="/today?scope=rep%3Dann&amp;lang=en">Обратно към страницата</a>' in text


async def test_a_kafka_that_is_away_is_told_and_can_be_tried_again() -> None:
    async with serving() as page:
        made = Setting(page, [])
        assert [await made.post() for _ in range(2)] == [(503, "")] * 2
