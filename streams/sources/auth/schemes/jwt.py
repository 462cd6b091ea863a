"""The scheme `jwt`: a signed token with our address and an end, as monday.com's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

from streams.config.rules.table import Table
from streams.sources.auth import keys
from streams.sources.auth.outcome import Refusal, Verified
from streams.sources.auth.places import Place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook

BEARER = "bearer "
# For clocks that differ.
SLACK_S, LIFE_S = 60, 300
# What a sender's library checks against its own clock is checked here, against the argument.
OPTIONS: Options = {
    "require": ["exp", "aud"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


@dataclass(frozen=True, slots=True)
class Jwt(Scheme):
    """A token by HS256 whose audience is our address; the body is not covered."""

    place: Place

    @property
    def has_address(self) -> bool:
        """Whether the public address is part of what is verified."""
        return True

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        token = self.place.get(request)
        if token[: len(BEARER)].lower() == BEARER:
            token = token[len(BEARER) :]
        # Several texts would stand for one signature.
        if not token.isascii() or not keys.is_canonical_url(token.rpartition(".")[2]):
            raise Refusal("malformed", f"{self.place} is no signed token")
        url = request.url
        audiences = [url, url.partition("?")[0]]
        found: list[Mapping[str, Any]] = []
        keys.is_any(secrets, lambda secret: _read(token, secret, audiences, found))
        if not found:
            raise Refusal("mismatch", f"{self.place} is not a token of ours for this address")
        _check_times(found[0], request.now // 1_000)
        return Verified()

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with a token that counts for five minutes."""
        url = Request(webhook, public_url, now).url
        claims = {"aud": url, "iat": now // 1_000, "exp": now // 1_000 + LIFE_S}
        return self.place.fill(webhook, jwt.encode(claims, secret, algorithm="HS256"))


def read_jwt(table: Table) -> Jwt:
    """Read the scheme from a table of a recipe."""
    return Jwt(Place("header", table.text("header", "authorization").lower()))


def _read(token: str, secret: str, audiences: list[str], found: list[Mapping[str, Any]]) -> bool:
    """Add a token's claims to those found, if the secret has signed it for this address."""
    try:
        claims = jwt.decode(
            token, secret, algorithms=["HS256"], audience=audiences, options=OPTIONS
        )
    except jwt.PyJWTError:
        return False
    found.append(claims)
    return True


def _check_times(claims: Mapping[str, Any], now_s: int) -> None:
    ends, starts = claims["exp"], claims.get("nbf", claims.get("iat", 0))
    if any(isinstance(at, bool) or not isinstance(at, int | float) for at in (ends, starts)):
        raise Refusal("malformed", "the token has a time that is no number")
    if ends + SLACK_S < now_s:
        raise Refusal("time", f"the token ended {now_s - ends} s ago")
    if starts - SLACK_S > now_s:
        raise Refusal("time", f"the token begins in {starts - now_s} s")
