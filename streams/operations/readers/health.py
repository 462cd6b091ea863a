"""All checks of the processes that read the output, and how far behind they are in a line each."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from aiokafka.errors import KafkaError

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, read
from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.history.database import NoHistory, Unavailable
from streams.kafka.errors import Fatal
from streams.notify.receivers.receivers import http_session, receivers
from streams.notify.service import now_ms
from streams.operations.findings import Finding
from streams.operations.readers import history, notify, page
from streams.page.access.doorkeeper import Doorkeeper


async def check_readers(settings: Settings) -> list[Finding]:
    """Check notifications, history and page; the rules file can be read."""
    rules = read(settings.rules)
    return [
        *await notify.check_notify(settings, rules),
        *await history.check_history(settings),
        *await page.check_page(settings, rules),
    ]


async def check_secrets(settings: Settings) -> list[Finding]:
    """Report files with secrets that cannot be used, of receivers and of who may look.

    They need not be on this machine.
    """
    rules = read(settings.rules)
    return [
        *[_unusable(problem, "notify") for problem in await _of_receivers(rules.notify)],
        *[_unusable(problem, "page") for problem in _of_access(rules)],
    ]


async def _of_receivers(rules: NotifyRules) -> list[str]:
    found = []
    async with http_session() as session:
        for each in rules.all:
            alone = replace(
                rules,
                routes=tuple(route for route in rules.routes if route is each),
                reports=tuple(report for report in rules.reports if report is each),
            )
            try:
                receivers(alone, session, now_ms)
            except BadSetting as error:
                found.append(str(error))
    return found


def _of_access(rules: Rules) -> list[str]:
    try:
        Doorkeeper(rules.page)
    except BadSetting as error:
        return [str(error)]
    return []


def _unusable(problem: str, command: str) -> Finding:
    return Finding(
        f"rules: {problem}",
        advice=f"`sales-kpis {command}` does not start so; all is well if it runs on another"
        " machine, which has the file",
        is_doubtful=True,
    )


async def behind(settings: Settings, rules: Rules) -> list[str]:
    """Return a line for each of them that has something to do, or cannot be looked at."""
    found = {
        "notify": await _seen(_to_be_sent(settings, rules)),
        "history": await _seen(_to_be_written(settings)),
        "page": await page.readiness(settings),
    }
    return [f"{name}: {line}" for name, line in found.items() if line]


async def _seen(looking: Coroutine[Any, Any, str]) -> str:
    try:
        return await looking
    except (Fatal, KafkaError, NoHistory, Unavailable) as error:
        return str(error)


async def _to_be_sent(settings: Settings, rules: Rules) -> str:
    if not rules.notify.all:
        return ""
    waiting = (await notify.notify_backlog(settings, rules)).waiting
    return f"to be sent: {notify.listed(waiting)}" if waiting else ""


async def _to_be_written(settings: Settings) -> str:
    if not history.is_kept(settings):
        return ""
    missing = await history.unwritten(settings, await history.published(settings))
    return f"to be written: {history.listed(missing)}" if missing else ""
