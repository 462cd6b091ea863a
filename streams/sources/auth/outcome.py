"""Outcomes of a verification: a request is verified, or refused for a reason that has a name."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "missing",
    "repeated",
    "malformed",
    "body",
    "time",
    "mismatch",
    "foreign",
    "secret",
    "address",
    "error",
]


class Refused(NamedTuple):
    """A request that has not been verified.

    Attributes:
        kind: For counting. missing: no signature or token. repeated: one is given twice.
            malformed: it cannot be read. body: the body cannot, and it would be in there. time: it
            was signed too long ago, or ahead. mismatch: it is not that of the secret. foreign:
            verified, but of another account. secret: ours is missing or cannot be used. address:
            the public address is not set. error: anything else.
        reason: One line for people. It quotes neither secret nor signature.
    """

    kind: Kind
    reason: str


class Verified(NamedTuple):
    """A request whose sender knows the secret.

    Attributes:
        replay: The same for each copy of what was signed. Given only where it is not the sender's
            time that bounds a replay and where two requests that differ never agree in it: a second
            one is to be answered like the first and kept no more.
        kept: What the credential names beside, as headers for the delivery.
    """

    replay: str | None = None
    kept: Mapping[str, str] = {}


class Refusal(Exception):
    """Raised inside a scheme; `verify` gives it back as Refused."""

    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.refused = Refused(kind, reason)


class CannotSign(ValueError):
    """Raised when a sample cannot be signed, such as with a public key alone."""
