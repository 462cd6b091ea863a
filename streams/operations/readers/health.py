"""All checks of the processes that read the output, and how far behind they are in a line each."""

from collections.abc import Coroutine
from typing import Any

from aiokafka.errors import KafkaError

from streams.config.rules import Rules, read
from streams.config.settings import Settings
from streams.history.database import NoHistory, Unavailable
from streams.kafka.errors import Fatal
from streams.operations.findings import Finding
from streams.operations.readers import history, notify, page


async def check_readers(settings: Settings) -> list[Finding]:
    """Check notifications, history and page; the rules file can be read."""
    rules = read(settings.rules)
    return [
        *await notify.check_notify(settings, rules),
        *await history.check_history(settings),
        *await page.check_page(settings, rules),
    ]


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
