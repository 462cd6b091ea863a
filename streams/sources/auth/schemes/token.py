"""The schemes `token`, `bearer` and `basic`: the secret itself comes with each request."""

import base64
from dataclasses import dataclass

from streams.config.rules.table import Table
from streams.sources.auth import keys
from streams.sources.auth.outcome import Refusal, Verified
from streams.sources.auth.places import Place, place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook

AUTHORIZATION = Place("header", "authorization")


@dataclass(frozen=True, slots=True)
class Token(Scheme):
    """The secret in one place of the request, behind a prefix whose case does not matter.

    Attributes:
        place: Where it is.
        prefix: What stands before it, such as `Bearer `.
        is_basic: Whether the secret is `user:password` and comes in base64.
    """

    place: Place
    prefix: str
    is_basic: bool

    @property
    def credentials(self) -> tuple[str, ...]:
        """Parameters of the address that are secret, by name."""
        return (self.place.name,) if self.place.kind == "query" else ()

    def check(self, secret: str) -> None:
        """Raise Refusal for a secret that is empty, or for `basic` has no colon."""
        keys.key_bytes(secret, "text")
        if self.is_basic and ":" not in secret:
            raise Refusal("secret", "a secret of this source is not user:password")

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        given = self.place.get(request)
        start = len(self.prefix)
        if given[:start].lower() != self.prefix.lower():
            raise Refusal("malformed", f"{self.place} does not begin with {self.prefix.strip()}")
        token = given[start:]
        if not keys.is_any(secrets, lambda secret: keys.is_equal(token, self._written(secret))):
            raise Refusal("mismatch", f"{self.place} is not the secret of this source")
        return Verified()

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with the secret."""
        del public_url, now
        return self.place.fill(webhook, self.prefix + self._written(secret))

    def _written(self, secret: str) -> str:
        self.check(secret)
        return base64.b64encode(secret.encode()).decode() if self.is_basic else secret


def read_token(table: Table) -> Token:
    """Read the scheme `token` from a table of a recipe."""
    return Token(place(table), table.text("prefix", ""), False)


def read_bearer(table: Table) -> Token:
    """Read the scheme `bearer` from a table of a recipe."""
    del table
    return Token(AUTHORIZATION, "Bearer ", False)


def read_basic(table: Table) -> Token:
    """Read the scheme `basic` from a table of a recipe."""
    del table
    return Token(AUTHORIZATION, "Basic ", True)
