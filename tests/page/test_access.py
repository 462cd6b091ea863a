"""Who may look: tokens, sessions of browsers, a trusted proxy, and nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from streams.config.declaration import BadSetting
from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.page.access.sessions import MOST_SESSIONS, SESSION_SECONDS, Sessions
from streams.page.access.viewer import EVERYTHING, Viewer
from streams.page.server import make_app
from tests.page.serving import TOKENS, Page, alert_record, rules, serving, three_roles

PROXY = '[page.proxy]\nheader = "X-Forwarded-User"\nfrom = ["127.0.0.1"]\n'
USERS = '[[page.access]]\nusers = ["ann@example.com"]\nsees = { rep = "ann" }\n'
ELSEWHERE = PROXY.replace("127.0.0.1", "10.0.0.0/8")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page with three roles, and a record of each scope."""
    async with serving(three_roles()) as made:
        for scope in ("all", "team=south", "rep=ann", "rep=bob"):
            made.publish(scope)
        made.alerts.update("k|lead-1", alert_record("lead-1", "bob"))
        yield made


def scopes(content: dict[str, Any]) -> list[Any]:
    return [record["scope"] for record in content["records"]]


@pytest.mark.parametrize("path", ["/api/kpis", "/api/alerts", "/api/stream", "/api/none", "/none"])
async def test_a_stranger_gets_nothing(page: Page, path: str) -> None:
    async with page.session.get(page.url + path, allow_redirects=False) as response:
        assert response.status == (303 if path == "/none" else 401)


@pytest.mark.parametrize(
    "header",
    ["Bearer " + "x" * 30, "Bearer", "Basic " + TOKENS["all"], TOKENS["all"], "Bearer \u00e9" * 9],
)
async def test_a_wrong_token_gets_nothing(page: Page, header: str) -> None:
    status, content = await page.get("/api/kpis", Authorization=header)
    assert (status, content["error"]) == (401, "Unauthorized")


async def test_two_tokens_at_once_are_none(page: Page) -> None:
    sent = [("Authorization", f"Bearer {TOKENS[role]}") for role in ("all", "ann")]
    async with page.session.get(page.url + "/api/kpis", headers=sent) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("all", [{}, {"rep": "ann"}, {"rep": "bob"}, {"team": "south"}]),
        ("south", [{"rep": "bob"}, {"team": "south"}]),
        ("ann", [{"rep": "ann"}]),
    ],
)
async def test_each_role_sees_its_scopes(page: Page, role: str, seen: list[Any]) -> None:
    assert scopes((await page.get("/api/kpis", role))[1]) == seen


async def test_alerts_are_seen_by_who_sees_their_rep(page: Page) -> None:
    counts = {role: len((await page.get("/api/alerts", role))[1]["alerts"]) for role in TOKENS}
    assert counts == {"all": 1, "south": 1, "ann": 0}


async def test_who_is_paid_what_is_in_no_settings_of_a_limited_role(page: Page) -> None:
    assert "commission" in (await page.get("/api/catalogue", "all"))[1]["settings"]["rules"]
    _, content = await page.get("/api/catalogue", "ann")
    assert "rules.commission" not in content["kpis"][0]["in_force"]
    assert list(content["settings"]["rules"]) == ["definitions"]


async def test_a_browser_logs_in_and_out(page: Page) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(page.url + "/today?scope=rep=ann") as response:
            assert response.url.path_qs == "/login?next=/today?scope%3Drep%3Dann"
        form = {"token": TOKENS["ann"]}
        async with browser.post(response.url, data=form) as response:
            assert response.url.path_qs == "/today?scope=rep=ann"
            [morsel] = list(jar)
            assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
            assert TOKENS["ann"] not in morsel.value
        async with browser.get(page.url + "/api/kpis") as response:
            assert scopes(await response.json()) == [{"rep": "ann"}]
        session = morsel.value
        async with browser.post(page.url + "/logout") as response:
            assert response.url.path == "/login"
        cookie = {"Cookie": f"sales_kpis_session={session}"}
        assert (await page.get("/api/kpis", None, **cookie))[0] == 401


async def test_a_wrong_token_gets_no_session(page: Page) -> None:
    async with page.session.post(page.url + "/login", data={"token": "wrong"}) as response:
        assert response.status == 401
        assert "Set-Cookie" not in response.headers
        assert "not known" in await response.text()


async def test_a_form_of_another_site_logs_nobody_in(page: Page) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    form = {"token": TOKENS["ann"]}
    async with page.session.post(page.url + "/login", data=form, headers=headers) as response:
        assert (response.status, "Set-Cookie" in response.headers) == (403, False)


@pytest.mark.parametrize("following", ["//example.com", "/\\example.com", "https://example.com"])
async def test_a_login_leads_to_this_page_alone(page: Page, following: str) -> None:
    form = {"token": TOKENS["ann"]}
    url = f"{page.url}/login"
    async with page.session.post(
        url, params={"next": following}, data=form, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["Location"]) == (303, "/")


async def test_a_link_from_elsewhere_is_asked_for_again_with_the_cookie(page: Page) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    async with page.session.get(page.url + "/today?lang=bg", headers=headers) as response:
        assert 'content="0; url=/today?lang=bg"' in await response.text()


async def test_a_view_of_a_hidden_scope_is_as_one_that_is_not_there(page: Page) -> None:
    texts = []
    for rep in ("bob", "nobody-of-this-name"):
        async with page.session.get(
            f"{page.url}/people/rep/{rep}", headers=page.bearer("ann")
        ) as response:
            texts.append((response.status, await response.text()))
    assert texts[0] == texts[1]
    assert texts[0][0] == 404


async def test_a_user_whom_the_proxy_names_sees_what_is_hers() -> None:
    async with serving(rules(PROXY + USERS)) as page:
        page.publish("rep=ann")
        page.publish("rep=bob")
        user = {"X-Forwarded-User": "ann@example.com"}
        assert scopes((await page.get("/api/kpis", None, **user))[1]) == [{"rep": "ann"}]


@pytest.mark.parametrize(
    ("proxy", "headers"),
    [
        (PROXY, []),
        (PROXY, [("X-Forwarded-User", "bob@example.com")]),
        (PROXY, [("X-Forwarded-User", "ann@example.com")] * 2),
        (ELSEWHERE, [("X-Forwarded-User", "ann@example.com")]),
        (ELSEWHERE, [("X-Forwarded-User", "ann@example.com"), ("X-Forwarded-For", "10.0.0.1")]),
    ],
)
async def test_whom_no_trusted_proxy_names_is_a_stranger(
    proxy: str, headers: list[tuple[str, str]]
) -> None:
    async with serving(rules(proxy + USERS)) as page:
        for path in ("/api/kpis", "/"):
            async with page.session.get(page.url + path, headers=headers) as response:
                assert response.status == 401


def test_without_rules_it_listens_for_this_machine_alone() -> None:
    make_app(Settings(), PageRules(), host="127.0.0.1")
    with pytest.raises(BadSetting, match=r"no \[\[page.access\]\].*0.0.0.0 is open to other"):
        make_app(Settings(), PageRules(), host="0.0.0.0")  # noqa: S104  # it is refused
    make_app(Settings(), three_roles(), host="0.0.0.0")  # noqa: S104  # nothing listens


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file or directory"),
        (b"short", "must be 24 or more"),
        (b"with blanks in between, and long", "must be 24 or more"),
        (b"\xff" * 30, "is not UTF-8 text"),
    ],
)
def test_a_token_file_that_cannot_be_used_is_named(
    content: bytes | None, expected: str, tmp_path: Path
) -> None:
    file = tmp_path / "manager.token"
    if content is not None:
        file.write_bytes(content)
    text = f'[[page.access]]\ntoken_file = "{file}"\nsees = "everything"'
    with pytest.raises(BadSetting) as error:
        make_app(Settings(), rules(text))
    assert str(file) in str(error.value)
    assert expected in str(error.value)


def test_two_rules_have_two_tokens(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("x" * 30)
    text = f'[[page.access]]\ntoken_file = "{file}"\nsees = "everything"\n'
    with pytest.raises(BadSetting, match="give each its own"):
        make_app(Settings(), rules(text + text))


def test_a_session_ends_after_a_working_day() -> None:
    now = 0.0
    sessions = Sessions(clock=lambda: now)
    session = sessions.begin(EVERYTHING)
    now = SESSION_SECONDS - 1.0
    assert sessions.viewer(session) == EVERYTHING
    now = SESSION_SECONDS
    assert sessions.viewer(session) is None


def test_sessions_are_limited_and_the_oldest_makes_room() -> None:
    sessions = Sessions()
    first, second = (sessions.begin(Viewer(frozenset([name]))) for name in ("a", "b"))
    for _ in range(MOST_SESSIONS - 1):
        sessions.begin(EVERYTHING)
    assert sessions.viewer(first) is None
    assert sessions.viewer(second) == Viewer(frozenset(["b"]))
