"""Receivers over HTTP: Slack-compatible webhooks, and webhooks signed by Standard Webhooks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from streams.config.declaration import BadSetting, from_file
from streams.config.rules.notify.places import url_complaint
from streams.config.rules.notify.routes import Slack, Webhook
from streams.notify.core.message import AnyMessage, Message, Recipient, ReportMessage
from streams.notify.core.texts import alert_sentence, has_list, lines, title
from streams.notify.receivers.outcome import Accepted, Outcome, Refused, Unanswered
from streams.sources.auth.keys import encoded, key_bytes, mac
from streams.sources.auth.outcome import Refusal

Clock = Callable[[], int]
TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=10)
# That a receiver asks to come again says that it did not keep what was sent.
BUSY = (425, 429)
REQUEST_TIMEOUT, SERVER_ERRORS = 408, 500
# Slack shows no more of a longer text; the others are in the page and the topic.
SLACK_LINES = 30
# The other fields of a KPI are parts of its text.
REPORTED = ("kpi", "text", "value", "previous", "target", "met", "unit")
JSON = "application/json; charset=utf-8"


class SlackReceiver:
    """Posts a text to a Slack-compatible webhook: Slack, Mattermost, Rocket.Chat, Discord's."""

    def __init__(self, slack: Slack, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._slack, self._session, self._clock = slack, session, clock

    def check(self) -> None:
        """Raise BadSetting unless the file has an address."""
        self._url()

    async def send(self, recipient: Recipient, message: AnyMessage) -> Outcome:  # noqa: ARG002 - of Receiver
        """Post a message; the header `Idempotency-Key` has its id."""
        headers = {"Content-Type": JSON, "Idempotency-Key": message.id}
        body = orjson.dumps({"text": slack_text(message)})
        return await post(self._session, self._url(), body, headers, self._clock)

    def _url(self) -> str:
        url = from_file("slack_url_file", str(self._slack.url_file))
        if complaint := url_complaint(url):
            raise BadSetting(f"slack_url_file: what {self._slack.url_file} has {complaint}")
        return url


class WebhookReceiver:
    """Posts JSON, signed by Standard Webhooks with every secret in a file."""

    def __init__(self, webhook: Webhook, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._webhook, self._session, self._clock = webhook, session, clock

    def check(self) -> None:
        """Raise BadSetting unless the file has secrets."""
        self._keys()

    async def send(self, recipient: Recipient, message: AnyMessage) -> Outcome:
        """Post a message under its id; the time is that of the attempt."""
        body = webhook_body(recipient, message)
        headers = signed_headers(message.id, self._clock() // 1000, body, self._keys())
        return await post(self._session, self._webhook.url, body, headers, self._clock)

    def _keys(self) -> list[bytes]:
        file = self._webhook.secret_file
        secrets = from_file("secret_file", str(file)).split()
        try:
            keys = [key_bytes(secret, "whsec") for secret in secrets]
        except Refusal as error:
            raise BadSetting(
                f"secret_file: what {file} has is no secret, such as whsec_ and Base64"
            ) from error
        if not keys:
            raise BadSetting(f"secret_file: {file} is empty")
        return keys


def slack_text(message: AnyMessage) -> str:
    """Return a message in Slack's markup, in which names cannot become links or mentions."""
    found = [title(message)]
    if has_list(message):
        found = [f"*{found[0]}*", *(f"• {line}" for line in lines(message, SLACK_LINES))]
    text = "\n".join(found)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def webhook_body(recipient: Recipient, message: AnyMessage) -> bytes:
    """Return a message as JSON; each change names its alert's key on `sales.alerts`."""
    at = datetime.fromtimestamp(message.at / 1000, UTC).isoformat(timespec="milliseconds")
    if isinstance(message, ReportMessage):
        kind, data = "kpis.reported", _report(recipient, message)
    else:
        kind, data = "alerts.changed", _changes(recipient, message)
    return orjson.dumps({"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data})


def _changes(recipient: Recipient, message: Message) -> dict[str, Any]:
    changes = [
        {
            "key": change.key,
            "action": change.action,
            "kind": change.alert.kind,
            "subject": change.alert.subject,
            "rep": change.alert.rep,
            "channel": change.alert.channel or None,
            "since": change.alert.since,
            "text": alert_sentence(change, message),
        }
        for change in message.changes
    ]
    return {"route": recipient.route, "title": title(message), "changes": changes}


def _report(recipient: Recipient, message: ReportMessage) -> dict[str, Any]:
    return {
        "report": recipient.route,
        "title": message.title,
        "scope": message.scope,
        "window": message.window,
        "start": message.start,
        "end": message.end,
        "kpis": [{name: getattr(each, name) for name in REPORTED} for each in message.kpis],
    }


def signed_headers(identifier: str, at_s: int, body: bytes, keys: list[bytes]) -> Mapping[str, str]:
    """Return the headers of a signed webhook, with a signature by each key."""
    signed = f"{identifier}.{at_s}.".encode() + body
    signatures = ("v1," + encoded(mac(key, signed, "sha256"), "base64") for key in keys)
    return {
        "Content-Type": JSON,
        "Webhook-Id": identifier,
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": " ".join(signatures),
    }


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    clock: Clock,
) -> Outcome:
    """Post a body once. No reason has the address or the answer's text: both may be secret."""
    try:
        async with session.post(
            url, data=body, headers=headers, allow_redirects=False, timeout=TIMEOUT
        ) as answer:
            return outcome_of(answer.status, answer.headers.get("Retry-After"), clock())
    except aiohttp.ClientConnectorError as error:
        return Unanswered(f"no connection: {type(error).__name__}", is_uncertain=False)
    except aiohttp.InvalidURL:
        return Refused("its address is none")
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        return Unanswered(f"no answer: {type(error).__name__}")


def outcome_of(status: int, retry_after: str | None, at: int) -> Outcome:
    """Return what an answer means; `at` is the time in milliseconds."""
    reason = f"answered {status}"
    if 200 <= status < 300:
        return Accepted()
    if status >= SERVER_ERRORS or status in (REQUEST_TIMEOUT, *BUSY):
        return Unanswered(reason, retry_after_ms(retry_after, at), status not in BUSY)
    return Refused(reason)


def retry_after_ms(written: str | None, at: int) -> int | None:
    """Read the header `Retry-After`, of seconds or a date; None if it says nothing."""
    if written is None:
        return None
    if written.strip().isdecimal():
        return 1000 * int(written[:9])
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    return max(0, round(moment.timestamp() * 1000) - at)
