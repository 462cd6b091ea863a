"""The scheme `ecdsa`: a public-key signature over time and body, as SendGrid's."""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from streams.config.rules.table import Table
from streams.sources.auth import keys, times
from streams.sources.auth.outcome import CannotSign, Refusal, Verified
from streams.sources.auth.places import Place, place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook


@dataclass(frozen=True, slots=True)
class Ecdsa(Scheme):
    """A signature by ECDSA with SHA-256, in base64; the secret is a public key: base64 of DER."""

    place: Place
    time: Place
    window: times.Window

    def check(self, secret: str) -> None:
        """Raise Refusal for a secret that is no such public key."""
        _public_key(secret)

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the public keys. Raises Refusal."""
        signature = keys.decoded(self.place.get(request))
        time = self.time.get(request)
        signed = time.encode("utf-8", "surrogateescape") + request.body
        if not keys.is_any(secrets, lambda secret: _is_of(secret, signed, signature)):
            raise Refusal("mismatch", f"{self.place} is not the signature of this request")
        self.window.check(time, request.now)
        return Verified(keys.replay_key("ecdsa", signed))

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with its time and signature; the secret is a private key."""
        del public_url
        time = times.written(now, self.window.unit)
        signature = _private_key(secret).sign(time.encode() + webhook.body, ECDSA(SHA256()))
        webhook = self.time.fill(webhook, time)
        return self.place.fill(webhook, base64.b64encode(signature).decode())


def read_ecdsa(table: Table) -> Ecdsa:
    """Read the scheme from a table of a recipe."""
    found = place(table)
    inner = table.table("time")
    ecdsa = Ecdsa(found, place(inner), times.window(inner))
    inner.finish()
    return ecdsa


def _is_of(secret: str, signed: bytes, signature: bytes) -> bool:
    try:
        _public_key(secret).verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_key(secret: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise Refusal("secret", "a secret of this source is no public key in base64") from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise Refusal("secret", "a secret of this source is no elliptic-curve key")
    return key


def _private_key(secret: str) -> EllipticCurvePrivateKey:
    try:
        key = load_der_private_key(base64.b64decode(secret, validate=True), None)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotSign("a public key verifies only: sign with the private key") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise CannotSign("the key to sign with is no elliptic-curve key")
    return key
