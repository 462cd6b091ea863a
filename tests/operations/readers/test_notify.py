"""What doctor and status say of notifications: what waits, and what nobody has sent."""

import asyncio
from dataclasses import replace
from pathlib import Path

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.notify.service import notify_service
from streams.operations.readers.health import behind
from streams.operations.readers.notify import GRACE_MS, NotifyBacklog, check_notify, notify_backlog
from streams.operations.readers.secret_files import check_secrets
from streams.process.cancellation import ended
from tests.installation.installed import produce
from tests.notify.alerting import AlertWriter, route, rules_of
from tests.notify.receiving import HttpReceiver

AWAY = "http://127.0.0.1:1/"


def ruled(text: str) -> Rules:
    return replace(Rules(), notify=rules_of(text))


async def later(settings: Settings, rules: Rules) -> NotifyBacklog:
    """What is to be sent, a while after all alerts were written."""
    return await notify_backlog(settings, rules, lambda: now_ms() + 2 * GRACE_MS)


async def test_alerts_that_nobody_sends_are_overdue(
    settings: Settings, writer: AlertWriter, tmp_path: Path
) -> None:
    rules = ruled(route("chat", AWAY, tmp_path))
    await writer.raise_alerts("lead-1", "lead-2")
    await writer.raise_alerts("lead-3")
    await writer.end_alerts("lead-3")
    found = await later(settings, rules)
    assert (found.waiting, found.overdue) == ({"chat": 2}, {"chat": 2})
    # They have just come.
    assert await behind(settings, rules) == ["notify: to be sent: 2 of chat"]
    (finding,) = await check_notify(settings, rules)
    assert (finding.verdict, finding.what) == (
        "ok",
        "alerts and reports wait for their time or their answer: 2 of chat",
    )


async def test_what_was_sent_is_not_to_be_sent_and_its_end_is(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = ruled(route("chat", server.url, tmp_path))
    metrics = NotifyMetrics(["chat"], now_ms)
    await writer.raise_alerts("lead-1", "lead-2")
    async with notify_service(settings, rules.notify, metrics) as service:
        task = asyncio.create_task(service.run())
        await server.until(1)
        await ended(task)
    (finding,) = await check_notify(settings, rules)
    assert (finding.verdict, finding.what) == ("ok", "all alerts and reports are sent")
    await writer.end_alerts("lead-2")
    assert (await later(settings, rules)).overdue == {"chat": 1}


async def test_quiet_hours_and_digests_are_no_delay(
    settings: Settings, writer: AlertWriter, tmp_path: Path
) -> None:
    # All but a minute of each day, and that minute is far.
    hour = (now_ms() // 3_600_000 + 6) % 24
    quiet = f'quiet = {{ from = "{hour:02}:01", to = "{hour:02}:00", zone = "UTC" }}'
    await writer.raise_alerts("lead-1", rep=None)
    found = await later(settings, ruled(route("chat", AWAY, tmp_path, quiet)))
    assert (found.waiting, found.overdue) == ({"chat": 1}, {})


async def test_reps_without_an_address_are_named(settings: Settings, writer: AlertWriter) -> None:
    text = (
        '[notify.mail]\nhost = "127.0.0.1"\nfrom = "kpis@example.com"\nsecurity = "none"\n'
        '[notify.addresses]\nbob = "bob@example.com"\n'
        '[[notify.route]]\nname = "reps"\nemail = "rep"\n'
    )
    await produce(settings, [])
    await writer.raise_alerts("lead-1", rep="ann")
    found = await check_notify(settings, ruled(text))
    assert [(each.verdict, each.what) for each in found] == [
        ("ok", "all alerts and reports are sent"),
        ("look", "reps has alerts for reps without an address: ann"),
    ]


async def test_files_of_secrets_that_are_not_there_are_named(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[notify.route]]\nname = "chat"\nslack_url_file = "no/such"\n'
        '[[notify.route]]\nname = "desk"\nurl = "https://desk.example.com/"\n'
        'secret_file = "none/such"\n'
        '[[page.access]]\ntoken_file = "nor/this"\nsees = "everything"\n'
    )
    found = await check_secrets(Settings(rules=file))
    assert {finding.verdict for finding in found} == {"look"}
    places = [finding.what.split(":")[1].strip() for finding in found]
    assert places == ["notify.route chat", "notify.route desk", "page.access token_file nor/this"]
