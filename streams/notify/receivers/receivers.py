"""The receiver of each route, as the rules file has it."""

from collections.abc import Mapping
from typing import Protocol

import aiohttp

from streams.config.declaration import BadSetting
from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.routes import Email, Route, Slack
from streams.notify.core.message import Message, Recipient
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

    async def send(self, recipient: Recipient, message: Message) -> Outcome:
        """Send a message once. Raises BadSetting for a secret that cannot be read."""


def receivers(
    rules: NotifyRules, session: aiohttp.ClientSession, clock: Clock
) -> Mapping[str, Receiver]:
    """Return the receivers by the names of their routes; all secrets have been looked at.

    `clock` gives the time in milliseconds. Raises BadSetting, which names the route.
    """
    found = {route.name: _receiver(route, rules, session, clock) for route in rules.routes}
    for name, receiver in found.items():
        try:
            receiver.check()
        except BadSetting as error:
            raise BadSetting(f"notify.route {name}: {error}") from error
    return found


def _receiver(
    route: Route, rules: NotifyRules, session: aiohttp.ClientSession, clock: Clock
) -> Receiver:
    receiver = route.receiver
    if isinstance(receiver, Slack):
        return SlackReceiver(receiver, session, clock)
    if not isinstance(receiver, Email):
        return WebhookReceiver(receiver, session, clock)
    if rules.mail is None:
        raise BadSetting(f"notify.route {route.name}: there is no [notify.mail]")
    return EmailReceiver(receiver, rules.mail, rules.addresses)
