"""The recipe of a source: which schemes its requests may be verified by, and for whom they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from streams.config.rules.table import Table
from streams.sources.auth.outcome import Refusal
from streams.sources.auth.places import Place, place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.ecdsa import read_ecdsa
from streams.sources.auth.schemes.forms import read_mandrill, read_twilio
from streams.sources.auth.schemes.hmac import read_hmac
from streams.sources.auth.schemes.jwt import read_jwt
from streams.sources.auth.schemes.mailgun import read_mailgun
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.auth.schemes.standard import read_standard
from streams.sources.auth.schemes.token import read_basic, read_bearer, read_token

SCHEMES: Mapping[str, Callable[[Table], Scheme]] = {
    "hmac": read_hmac,
    "standard": read_standard,
    "ecdsa": read_ecdsa,
    "twilio": read_twilio,
    "mandrill": read_mandrill,
    "mailgun": read_mailgun,
    "token": read_token,
    "basic": read_basic,
    "bearer": read_bearer,
    "jwt": read_jwt,
}
# A secret that we choose: 24 bytes of 6 bits each. What a sender gives may be shorter.
SHORTEST = 24


@dataclass(frozen=True, slots=True)
class Only:
    """Values of which a verified request has to have one: an organisation, an account."""

    place: Place
    values: tuple[str, ...]

    def check(self, request: Request) -> None:
        """Raise Refusal for a request of anyone else."""
        if self.place.get(request) not in self.values:
            raise Refusal("foreign", f"{self.place} is none of those that the mapping file allows")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How requests of a source are verified.

    Attributes:
        schemes: Any of them will do.
        only: All of them have to hold, once a scheme has.
        shortest: How many characters a secret has at least.
    """

    schemes: tuple[Scheme, ...]
    only: tuple[Only, ...]
    shortest: int

    @property
    def hidden(self) -> frozenset[str]:
        """Parameters of the address that are secret: not for logs, and not to be kept."""
        return frozenset(name for scheme in self.schemes for name in scheme.credentials)

    @property
    def needs_address(self) -> bool:
        """Whether nothing can be verified without the public address."""
        return all(scheme.has_address for scheme in self.schemes)

    def unusable(self, secrets: tuple[str, ...]) -> str | None:
        """Describe what is wrong with the secrets of the settings, without quoting any."""
        for number, secret in enumerate(secrets, 1):
            wrong = self._unusable(secret)
            if wrong:
                return f"secret {number} of {len(secrets)}: {wrong}"
        return None

    def _unusable(self, secret: str) -> str | None:
        if len(secret) < self.shortest:
            return f"has {len(secret)} characters; give it {self.shortest} or more"
        reasons = []
        for scheme in self.schemes:
            try:
                scheme.check(secret)
            except Refusal as refusal:
                reasons.append(refusal.refused.reason)
        return "; ".join(reasons) if len(reasons) == len(self.schemes) else None


def recipe(table: Table) -> Recipe:
    """Read the table `auth` of a mapping file. Raises BadSetting."""
    shortest = table.number("shortest", SHORTEST, 1, 1_000)
    only = tuple(map(_only, table.tables("only")))
    others = table.tables("or")
    schemes = tuple(map(_scheme, (table, *others)))
    return Recipe(schemes, only, shortest)


def _scheme(table: Table) -> Scheme:
    name = table.choice("scheme", tuple(SCHEMES))
    scheme = SCHEMES[name](table)
    table.finish()
    return scheme


def _only(table: Table) -> Only:
    found = Only(place(table), table.options("values"))
    table.finish()
    return found
