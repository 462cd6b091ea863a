"""Reasons to refuse a request: each has a status, and names the field where there is one."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

RETRY_SECONDS = 2
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """A request that is answered with `{"error", "field", "reason"}`."""

    def __init__(
        self,
        status: HTTPStatus,
        reason: str,
        field: str | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.field = field
        self.headers = headers

    def response(self) -> web.Response:
        """Give the answer."""
        return json_response(
            {"error": self.status.phrase, "field": self.field, "reason": self.reason},
            self.status,
            self.headers,
        )


def bad_field(field: str, reason: str) -> Refused:
    """Refuse a parameter that cannot be meant."""
    return Refused(HTTPStatus.BAD_REQUEST, reason, field)


def not_found(reason: str) -> Refused:
    """Refuse what is not there."""
    return Refused(HTTPStatus.NOT_FOUND, reason)


def unavailable(reason: str) -> Refused:
    """Refuse for now."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, reason, headers=headers)


def wants_json(request: web.Request) -> bool:
    """Return whether a program asks: a script of the page for a form, or an API's user."""
    return "application/json" in request.headers.get("Accept", "")


def json_response(
    content: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] = NO_HEADERS
) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        body=orjson.dumps(content),
        status=status,
        headers=dict(headers),
        content_type="application/json",
        charset="utf-8",
    )
