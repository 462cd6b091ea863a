"""Reports on a real Kafka with real receivers, through restarts: one for each window."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.notify.metrics import NotifyMetrics
from streams.notify.service import notify_service
from streams.process.cancellation import ended
from streams.wiring.catalogue import catalogue
from tests.notify.alerting import rules_of
from tests.notify.receiving import HttpReceiver, mail_receiver
from tests.notify.reports.week import DAY_MS, MONDAY, ZONE, plain, week_records
from tests.notify.test_mail_service import mail_table
from tests.output.writing import writing

SUNDAY = MONDAY - DAY_MS
EVERY = 'kpis = ["revenue_won"]\nevery = { day = "monday", at = "08:00" }\n'
QUIET_SECONDS = 0.5


@pytest.fixture
async def published(settings: Settings) -> Settings:
    """The settings of an installation that has published the two weeks."""
    async with writing(settings) as writer:
        found = [each for each in week_records().items() if each[0].startswith("revenue_won|")]
        await writer.commit(0, *found)
    return replace(settings, timezone=ZONE)


def report(url: str, folder: Path) -> NotifyRules:
    file = folder / "url"
    file.write_text(url)
    return rules_of(
        f'[[notify.report]]\nname = "monday"\nslack_url_file = "{file}"\nlanguage = "bg"\n{EVERY}'
    )


@asynccontextmanager
async def notifying(settings: Settings, rules: NotifyRules, at: int) -> AsyncIterator[None]:
    """Run the service meanwhile, at an instant."""
    metrics = NotifyMetrics(rules.names, lambda: at)
    async with notify_service(settings, rules, metrics, lambda: at, catalogue(settings)) as service:
        task = asyncio.create_task(service.run())
        try:
            yield
            assert not task.done()
        finally:
            await ended(task)


async def test_report_is_sent_once_though_nobody_notified_when_it_was_due(
    published: Settings, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = report(server.url, tmp_path)
    async with notifying(published, rules, SUNDAY):
        pass
    async with notifying(published, rules, MONDAY + DAY_MS):
        await server.until(1)
    async with notifying(published, rules, MONDAY + 2 * DAY_MS):
        await asyncio.sleep(QUIET_SECONDS)
    (request,) = server.requests
    assert plain(request.json["text"]) == (
        "*monday · Цялата фирма · 25 май – 31 май 2026*\n"
        "• Приход: 2 201 €; 1 201 € повече от предходната седмица (по-добре);"
        " цел 3 000 €, непостигната"
    )


async def test_report_that_was_due_before_it_was_configured_is_not_sent(
    published: Settings, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = report(server.url, tmp_path)
    for at in (MONDAY + DAY_MS, MONDAY + 2 * DAY_MS):
        async with notifying(published, rules, at):
            await asyncio.sleep(QUIET_SECONDS)
    assert server.requests == []
    async with notifying(published, rules, MONDAY + 7 * DAY_MS):
        await server.until(1)


async def test_report_without_an_answer_is_sent_again_as_it_was_under_its_key(
    published: Settings, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = report(server.url, tmp_path)
    server.answers = [(503, {"Retry-After": "60"})]
    async with notifying(published, rules, SUNDAY):
        pass
    async with notifying(published, rules, MONDAY):
        await server.until(1)
    async with writing(published) as writer:
        await writer.commit(0, *((key, None) for key in week_records() if "revenue_won|" in key))
    async with notifying(published, rules, MONDAY + DAY_MS):
        one, two = await server.until(2)
    assert (one.id, one.body) == (two.id, two.body)


async def test_report_that_was_not_accepted_gives_way_to_the_next(
    published: Settings, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = report(server.url, tmp_path)
    server.answers = [(503, {"Retry-After": "60"})]
    async with notifying(published, rules, SUNDAY):
        pass
    async with notifying(published, rules, MONDAY):
        await server.until(1)
    async with notifying(published, rules, MONDAY + 7 * DAY_MS):
        one, two = await server.until(2)
        await asyncio.sleep(QUIET_SECONDS)
    assert one.id != two.id
    assert "1 юни – 7 юни 2026" in plain(two.json["text"])
    assert len(server.requests) == 2


async def test_report_that_was_left_out_for_a_while_begins_again(
    published: Settings, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = report(server.url, tmp_path)
    for at, used in ((SUNDAY, rules), (SUNDAY + 1, rules_of("")), (MONDAY + DAY_MS, rules)):
        async with notifying(published, used, at):
            await asyncio.sleep(QUIET_SECONDS)
    assert server.requests == []


def body(mail: EmailMessage) -> str:
    """The text of a mail, whatever else it has."""
    text = mail.get_body(("plain",))
    assert isinstance(text, EmailMessage)
    content = text.get_content()
    assert isinstance(content, str)
    return content


async def test_each_rep_is_mailed_a_report_of_the_rep(published: Settings, tmp_path: Path) -> None:
    with mail_receiver(tmp_path) as (server, certificate):
        written = mail_table(server, certificate) + (
            '[notify.addresses]\nann = "ann@example.com"\nbob = "bob@example.com"\n'
            f'[[notify.report]]\nname = "mine"\nemail = "rep"\nlanguage = "fa"\n{EVERY}'
        )
        async with notifying(published, rules_of(written), SUNDAY):
            pass
        async with notifying(published, rules_of(written), MONDAY):
            await server.until(2)
        mails = {to[0]: mail for to, mail in zip(server.to, server.mails, strict=True)}
    ann = mails["ann@example.com"]
    assert ann["Subject"] == "mine · فروشنده: ann · ۲۵ مه – ۳۱ مه ۲۰۲۶"
    assert ann["Content-Language"] == "fa"
    assert "درآمد: € ۲٬۲۰۱؛" in plain(body(ann))
    assert "درآمد: € ۰؛" in plain(body(mails["bob@example.com"]))
