"""Answers to webhooks, by the codes that each sender understands."""

import json
from collections.abc import Mapping

from aiohttp import hdrs, web

from streams.gateway.errors import RETRY_SECONDS
from streams.sources.auth import Answer, DeliveryRules

LIMITED_STATUS = 429
# Senders that repeat at all do so after seconds or minutes.
_LATER: Mapping[str, str] = {hdrs.RETRY_AFTER: str(RETRY_SECONDS)}


def accepted(rules: DeliveryRules) -> web.Response:
    """Answer a delivery that is in the inbox."""
    if not rules.answer:
        return web.Response(status=rules.ok)
    headers = {hdrs.CONTENT_TYPE: rules.answer_type}
    return web.Response(status=rules.ok, body=rules.answer.encode(), headers=headers)


def echoed(answer: Answer) -> web.Response:
    """Answer a set-up request; nothing that it holds is shown as a page."""
    headers = {**answer.headers, "X-Content-Type-Options": "nosniff"}
    if answer.content_type:
        headers[hdrs.CONTENT_TYPE] = answer.content_type
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def later(rules: DeliveryRules) -> web.Response:
    """Answer a request that could not be kept."""
    return refusal(rules.later, "not kept: send it again", _LATER)


def limited() -> web.Response:
    """Answer a request of a source that sends too many."""
    return refusal(LIMITED_STATUS, "too many requests of this source: send it again", _LATER)


def refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a reason, as the gateway does everywhere."""
    body = json.dumps({"error": reason})
    return web.Response(
        status=status, text=body, content_type="application/json", headers=dict(headers or {})
    )
