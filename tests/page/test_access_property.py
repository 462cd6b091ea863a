"""What a role may not see makes no difference to any answer: two worlds that it cannot tell apart.

The one world has all records, the other those alone that the role may see. Every endpoint, asked
for every scope, answers both alike: records, counts, names, alerts, tags, texts, stream.
"""

import asyncio
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config.rules.page import PageAccess, PageRules
from streams.page.choice import VIEWS
from tests.page.serving import (
    TOKENS,
    Page,
    alert_record,
    keep,
    kpi_key,
    kpi_record,
    reading,
    serving,
    token_file,
)

SCOPES = ("all", "team=south", "team=north", "rep=ann", "rep=bob", "rep=an", "channel=web")
KPIS = ("revenue_won", "deal_count")
WINDOWS = ("day", "month")
LIMITED = [scope for scope in SCOPES if scope.startswith(("team=", "rep="))]
TOKEN = TOKENS["ann"]
# Alerts that have ended by now stood then.
THEN = "as_of=2026-03-04"

# Each asks two servers for some two hundred answers.
EXAMPLES = max(1, settings().max_examples // 3)
records = st.lists(
    st.tuples(st.sampled_from(KPIS), st.sampled_from(SCOPES), st.sampled_from(WINDOWS)),
    unique=True,
    max_size=20,
)
owners = st.one_of(st.none(), st.sampled_from(SCOPES))
alerts = st.dictionaries(st.sampled_from(["lead-1", "lead-2", "lead-3"]), owners)


def publish(
    page: Page, facts: list[tuple[str, str, str]], owned: dict[str, str | None], seen: set[str]
) -> list[tuple[str, bytes]]:
    """Publish what is about a scope that is seen; gives the records."""
    found = []
    for number, (kpi, scope, window) in enumerate(facts):
        if scope in seen:
            key = kpi_key(kpi, scope, window)
            found.append((key, kpi_record(kpi, scope, window, f"{number}.25")))
            page.kpis.update(*found[-1])
    for subject, owner in owned.items():
        if owner in seen:
            page.alerts.update(f"k|{subject}", owned_alert(subject, owner))
    return found


def owned_alert(subject: str, owner: str | None) -> bytes:
    """An alert of a rep, of another scope's target, or nobody's."""
    dimension, _, name = (owner or "").partition("=")
    if dimension == "rep":
        return alert_record(subject, name)
    scope = {dimension: name} if name else {}
    return alert_record(subject, None, **({} if owner is None else {"scope": scope}))


def kept(owned: dict[str, str | None], seen: set[Any]) -> list[tuple[str, bytes | None]]:
    """What a history is told of alerts of those that are seen: some stand, some have ended."""
    found: list[tuple[str, bytes | None]] = []
    for subject, owner in owned.items():
        if owner in seen:
            found.append((f"k|{subject}", owned_alert(subject, owner)))
            found.append((f"k|ended-{subject}", owned_alert(f"ended-{subject}", owner)))
            found.append((f"k|ended-{subject}", None))
    return found


def paths() -> list[str]:
    """Every endpoint, asked for every scope."""
    found = ["/api/kpis", "/api/alerts", "/api/catalogue", "/"]
    found += ["/api/kpis?as_of=2026-03-04", f"/api/alerts?{THEN}", f"/alerts?{THEN}"]
    for scope in SCOPES:
        asked = f"scope={quote(scope)}"
        found += [
            f"/api/kpis?{asked}",
            f"/api/kpis?{asked}&kpi=deal_count&window=day&start=2026-03-04",
            f"/api/kpis?{asked}&as_of=2026-03-04",
            f"/api/history?kpi=revenue_won&{asked}",
            f"/api/alerts?{asked}",
            f"/api/alerts?{asked}&{THEN}",
            f"/alerts?{asked}&{THEN}",
            *(f"/{view}?{asked}" for view in VIEWS),
            *(f"/{view}?{asked}&as_of=2026-03-04" for view in VIEWS[:2]),
        ]
    return [*found, *(f"/people/rep/{scope[4:]}" for scope in LIMITED)]


async def answers(page: Page) -> dict[str, tuple[int, str, str | None]]:
    """Ask for everything; a position says what time it is, in both worlds another."""
    found = {}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in paths():
        async with page.session.get(page.url + path, headers=headers) as response:
            body = re.sub(r'"position":"[0-9a-f]{8}-[0-9]+"', "", await response.text())
            found[path] = (response.status, body, response.headers.get("ETag"))
    return found


async def streamed(page: Page, query: str, hidden: list[str], seen: list[str]) -> list[Any]:
    """Read a stream: what there is, then the changes of what is hidden and of what is seen."""
    async with reading(page, query, "ann") as reader:
        found = await reader.until("ready")
        for scope in hidden:
            page.publish(scope, "9.75")
            page.alerts.update("k|lead-1", owned_alert("lead-1", scope))
        page.alerts.update("k|lead-1", None)
        for scope in seen:
            page.publish(scope, "8.25")
        found += [await reader.next() for _ in seen]
    return [(event.kind, event.data) for event in found if event.kind != "ready"]


@settings(max_examples=EXAMPLES)
@given(facts=records, owned=alerts, sees=st.sets(st.sampled_from(LIMITED), min_size=1, max_size=3))
def test_what_a_role_may_not_see_makes_no_difference(
    facts: list[tuple[str, str, str]], owned: dict[str, str | None], sees: set[str]
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_compare(Path(folder), facts, owned, sees))


async def _compare(
    folder: Path, facts: list[tuple[str, str, str]], owned: dict[str, str | None], sees: set[str]
) -> None:
    rules = PageRules(access=(PageAccess(scopes=tuple(sees), token_file=token_file(TOKEN)),))
    pasts = [folder / "whole.sqlite", folder / "own.sqlite"]
    async with (
        serving(rules, history=pasts[0]) as whole,
        serving(rules, history=pasts[1]) as own,
    ):
        everything: set[Any] = {*SCOPES, None}
        for past, page, seen in ((pasts[0], whole, everything), (pasts[1], own, set(sees))):
            await keep(past, *publish(page, facts, owned, seen), alerts=kept(owned, seen))
        assert await answers(whole) == await answers(own)
        hidden = sorted(set(SCOPES) - sees)
        every = "&".join(f"scope={quote(scope)}" for scope in SCOPES)
        for query in ("", f"?{every}"):
            there = await streamed(whole, query, hidden, sorted(sees))
            here = await streamed(own, query, [], sorted(sees))
            assert there == here


async def test_a_hidden_scope_is_seen_by_who_sees_everything() -> None:
    # The control: without it the property would hold of a page that shows nothing at all.
    rules = PageRules(access=(PageAccess(scopes=None, token_file=token_file(TOKEN)),))
    async with serving(rules) as page:
        publish(page, [("revenue_won", "rep=bob", "day")], {"lead-1": None}, {"rep=bob"})
        found = await answers(page)
        assert "0.25" in found["/api/kpis?scope=rep%3Dbob"][1]
