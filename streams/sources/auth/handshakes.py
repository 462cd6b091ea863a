"""Requests by which a sender tries an address before it sends events, and their answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, get_args

import msgspec

from streams.config.rules.table import Table
from streams.sources.auth import keys
from streams.sources.auth.outcome import Refusal, Refused
from streams.sources.auth.places import KINDS, Place, place
from streams.sources.auth.recipe import Recipe, recipe
from streams.sources.auth.request import Request
from streams.sources.auth.verify import verify
from streams.sources.delivery import Webhook

Method: TypeAlias = Literal["GET", "HEAD", "POST", "OPTIONS"]
Style: TypeAlias = Literal["empty", "text", "json"]
METHODS: tuple[Method, ...] = get_args(Method)
STYLES: tuple[Style, ...] = get_args(Style)
# What is answered without knowing who asks is short.
ECHO_BYTES = 1_000
# A header's value that could not end the header.
_PLAIN = re.compile(r"[\x21-\x7e]{1,1000}")


class Answer(NamedTuple):
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Handshake:
    """One kind of set-up request.

    Attributes:
        method: Its method.
        has: Where it has the value by which it is known, None if the method is enough.
        lacks: A header whose presence makes it an ordinary request, or "".
        is_alone: Whether the value is all that the body has.
        token: Where it has one of the secrets, None if it does not.
        recipe: How it is signed, None if it is not.
        style: How the value is echoed in the body.
        echo: A header of the answer that has the value, or "".
        headers: Further headers of the answer.
    """

    method: Method
    has: Place | None
    lacks: str
    is_alone: bool
    token: Place | None
    recipe: Recipe | None
    style: Style
    echo: str
    headers: Mapping[str, str]

    def answer(
        self, webhook: Webhook, secrets: tuple[str, ...], public_url: str, now: int
    ) -> Answer | Refused | None:
        """Answer a request of this kind; None for any other. Raises Refusal."""
        if webhook.method != self.method:
            return None
        request = Request(webhook, public_url, now)
        value = self._value(request)
        if value is None or (self.lacks and request.header(self.lacks) is not None):
            return None
        if self.token and not keys.is_any(secrets, partial(keys.is_equal, self.token.get(request))):
            return Refused("mismatch", f"{self.token} is not a secret of this source")
        if self.recipe:
            verified = verify(webhook, self.recipe, secrets, public_url, now)
            if isinstance(verified, Refused):
                return verified
        return self._echoed(value)

    def _value(self, request: Request) -> str | None:
        """Give the value that the request is known by; None if it is another request."""
        if self.has is None:
            return ""
        if len(request.body) > 2 * ECHO_BYTES:
            return None
        value = self.has.find(request)
        if value is None or (self.is_alone and not request.is_alone):
            return None
        if len(value.encode("utf-8", "surrogateescape")) > ECHO_BYTES:
            raise Refusal("malformed", f"{self.has} has more than {ECHO_BYTES} bytes")
        return value

    def _echoed(self, value: str) -> Answer:
        headers = dict(self.headers)
        if self.echo:
            if not _PLAIN.fullmatch(value):
                raise Refusal("malformed", f"{self.has} cannot be echoed in a header")
            headers[self.echo] = value
        if self.style == "json" and self.has:
            body = msgspec.json.encode({self.has.name.rpartition(".")[2]: value})
            return Answer(200, headers, "application/json", body)
        if self.style == "text":
            return Answer(200, headers, "text/plain", value.encode("utf-8", "surrogateescape"))
        return Answer(200, headers, "", b"")


def handshake(
    webhook: Webhook,
    handshakes: tuple[Handshake, ...],
    secrets: tuple[str, ...],
    public_url: str,
    now: int,
) -> Answer | Refused | None:
    """Answer a set-up request; None for a request that is none. Nothing is raised.

    To be asked before `verify`, and only for a source that has a secret.
    """
    for each in handshakes:
        try:
            answer = each.answer(webhook, secrets, public_url, now)
        except Refusal:
            # What cannot be read as a set-up request is for the verification to judge.
            continue
        except Exception as error:  # noqa: BLE001 - as in `verify`
            return Refused("error", f"{type(error).__name__} while answering")
        if answer is not None:
            return answer
    return None


def read_handshakes(tables: tuple[Table, ...]) -> tuple[Handshake, ...]:
    """Read the tables `handshake` of a mapping file. Raises BadSetting."""
    return tuple(map(_handshake, tables))


def _handshake(table: Table) -> Handshake:
    has = place(table) if any(table.has(kind) for kind in KINDS) else None
    headers = table.table("headers")
    found = Handshake(
        method=table.choice("method", METHODS),
        has=has,
        lacks=table.text("lacks", "").lower(),
        is_alone=table.flag("alone", False),
        token=_token(table.table("token")) if table.has("token") else None,
        recipe=recipe(table.table("auth")) if table.has("auth") else None,
        style=table.choice("answer", STYLES, "empty"),
        echo=table.text("echo", ""),
        headers={name: headers.text(name) for name in headers.names()},
    )
    if has is None and (found.style != "empty" or found.echo or found.is_alone):
        table.reject("answer", "has nothing to echo", f"give one of {', '.join(KINDS)}")
    table.finish()
    return found


def _token(table: Table) -> Place:
    found = place(table)
    table.finish()
    return found
