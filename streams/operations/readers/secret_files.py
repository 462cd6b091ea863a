"""Files with secrets of those who read the output: receivers, and who may look at the page."""

from dataclasses import replace

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, read
from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.notify.clock import now_ms
from streams.notify.receivers.receivers import http_session, receivers
from streams.operations.findings import Finding
from streams.page.access.doorkeeper import Doorkeeper


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
