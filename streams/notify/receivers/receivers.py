"""The receiver of each route and report, as the rules file has it."""

from collections.abc import Mapping
from typing import Protocol

import aiohttp

from streams.config.declaration import BadSetting
from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.reports import Report
from streams.config.rules.notify.routes import Email, Route, Slack
from streams.notify.core.message import AnyMessage, Recipient
from streams.notify.receivers.email import EmailReceiver
from streams.notify.receivers.http import Clock, SlackReceiver, WebhookReceiver
from streams.notify.receivers.outcome import Outcome


def http_session() -> aiohttp.ClientSession:
    """Return a session that keeps no cookies: no receiver may see what another one has set."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


class Receiver(Protocol):
    """What takes messages. Secrets are read for each, so that they can be changed meanwhile."""

    def check(self) -> None:
        """Raise BadSetting for a secret that cannot be read."""

    async def send(self, recipient: Recipient, message: AnyMessage) -> Outcome:
        """Send a message once. Raises BadSetting for a secret that cannot be read."""


def receivers(
    rules: NotifyRules, session: aiohttp.ClientSession, clock: Clock
) -> Mapping[str, Receiver]:
    """Return the receivers by their routes' and reports' names; all secrets have been looked at.

    `clock` gives the time in milliseconds. Raises BadSetting, which names the route or report.
    """
    found = {}
    for each in rules.all:
        found[each.name] = _receiver(each, rules, session, clock)
        try:
            found[each.name].check()
        except BadSetting as error:
            raise BadSetting(f"{_place(each)}: {error}") from error
    return found


def _place(one: Route | Report) -> str:
    return f"notify.{'report' if isinstance(one, Report) else 'route'} {one.name}"


def _receiver(
    one: Route | Report, rules: NotifyRules, session: aiohttp.ClientSession, clock: Clock
) -> Receiver:
    receiver = one.receiver
    if isinstance(receiver, Slack):
        return SlackReceiver(receiver, session, clock)
    if not isinstance(receiver, Email):
        return WebhookReceiver(receiver, session, clock)
    if rules.mail is None:
        raise BadSetting(f"{_place(one)}: there is no [notify.mail]")
    return EmailReceiver(receiver, rules.mail, rules.addresses)
