"""A sample that is sent to one route, to see whether it arrives."""

from uuid import uuid4

from streams.config.declaration import BadSetting
from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.routes import Email, Route
from streams.notify.core.alert import Alert
from streams.notify.core.message import Change, Message, Recipient
from streams.notify.receivers.outcome import Outcome
from streams.notify.receivers.receivers import http_session, receivers
from streams.notify.service import now_ms

SAMPLE_TEXT = "This is a test of the route {route}: alerts will come here."


async def send_sample(rules: NotifyRules, name: str, rep: str | None) -> list[tuple[str, Outcome]]:
    """Send a sample to each recipient of a route; return what came of each, once tried.

    `rep` is whose address gets it, of a route to reps. Raises BadSetting for an unknown route or
    rep, and for a secret that cannot be read.
    """
    route = rules.route(name)
    if route is None:
        known = ", ".join(each.name for each in rules.routes) or "none"
        raise BadSetting(f"there is no route {name!r}; known: {known}")
    alert = Alert("test", name, rep, "", SAMPLE_TEXT.format(route=name))
    change = Change(f"test|{name}", "raised", alert)
    found = []
    async with http_session() as session:
        receiver = receivers(
            NotifyRules(routes=(route,), mail=rules.mail, addresses=rules.addresses),
            session,
            now_ms,
        )[name]
        for recipient in _recipients(route, rules, rep):
            message = Message(f"msg_test_{uuid4().hex}", now_ms(), (change,))
            found.append((str(recipient), await receiver.send(recipient, message)))
    return found


def _recipients(route: Route, rules: NotifyRules, rep: str | None) -> list[Recipient]:
    if not isinstance(route.receiver, Email):
        return [Recipient(route.name)]
    if not route.receiver.is_to_reps:
        return [Recipient(route.name, address) for address in route.receiver.to]
    if rep is None or rep not in rules.addresses:
        known = ", ".join(sorted(rules.addresses)[:20])
        raise BadSetting(f"{route.name} mails each rep: name one with --rep; known: {known}")
    return [Recipient(route.name, rep)]
