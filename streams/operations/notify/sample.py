"""A sample that is sent to one route or report, to see whether it arrives."""

from dataclasses import replace
from uuid import uuid4

from streams.config.declaration import BadSetting
from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.receivers import Email, Receiver
from streams.notify.clock import now_ms
from streams.notify.core.alert import Alert
from streams.notify.core.message import Change, Message, Recipient
from streams.notify.receivers.outcome import Outcome
from streams.notify.receivers.receivers import http_session, receivers

SAMPLE_TEXT = "This is a test of the route {name}: alerts will come here."
SAMPLE_REPORT = "This is a test of the report {name}: it will come here."


async def send_sample(rules: NotifyRules, name: str, rep: str | None) -> list[tuple[str, Outcome]]:
    """Send a sample to each recipient of a route or report; return what came of each, once tried.

    `rep` is whose address gets it, of what reps get. Raises BadSetting for an unknown name or
    rep, and for a secret that cannot be read.
    """
    receiver = rules.receiver_of(name)
    if receiver is None:
        known = ", ".join(rules.names) or "none"
        raise BadSetting(f"there is no route or report {name!r}; known: {known}")
    text = (SAMPLE_TEXT if rules.route(name) else SAMPLE_REPORT).format(name=name)
    change = Change(f"test|{name}", "raised", Alert("test", name, rep, "", text))
    # Secrets of others need not be there.
    alone = replace(
        rules,
        routes=tuple(each for each in rules.routes if each.name == name),
        reports=tuple(each for each in rules.reports if each.name == name),
    )
    found = []
    async with http_session() as session:
        sender = receivers(alone, session, now_ms)[name]
        for recipient in _recipients(name, receiver, rules, rep):
            message = Message(f"msg_test_{uuid4().hex}", now_ms(), (change,))
            found.append((str(recipient), await sender.send(recipient, message)))
    return found


def _recipients(
    name: str, receiver: Receiver, rules: NotifyRules, rep: str | None
) -> list[Recipient]:
    if not isinstance(receiver, Email):
        return [Recipient(name)]
    if not receiver.is_to_reps:
        return [Recipient(name, address) for address in receiver.to]
    if rep is None or rep not in rules.addresses:
        known = ", ".join(sorted(rules.addresses)[:20])
        raise BadSetting(f"{name} mails each rep: name one with --rep; known: {known}")
    return [Recipient(name, rep)]
