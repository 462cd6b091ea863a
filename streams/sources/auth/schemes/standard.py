"""The scheme `standard`: Standard Webhooks 1.0.0, symmetric (`v1`) and asymmetric (`v1a`)."""

import base64
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from streams.config.rules.table import Table
from streams.sources.auth import keys, times
from streams.sources.auth.outcome import CannotSign, Refusal, Verified
from streams.sources.auth.places import Place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook

PUBLIC, PRIVATE = "whpk_", "whsk_"


@dataclass(frozen=True, slots=True)
class Standard(Scheme):
    """Three headers of a common prefix: id, time in seconds, signatures apart by spaces."""

    prefix: str
    window: times.Window

    def check(self, secret: str) -> None:
        """Raise Refusal for a secret that is neither `whsec_` nor a public key `whpk_`."""
        _public_key(secret) if secret.startswith(PUBLIC) else keys.key_bytes(secret, "whsec")

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        signatures = self._place("signature").get(request).split(" ")
        time = self._place("timestamp").get(request)
        signed = self._signed(self._place("id").get(request), time, request.body)
        if not keys.is_any(secrets, lambda secret: _is_of(secret, signed, signatures)):
            raise Refusal("mismatch", f"{self._place('signature')} has no signature of ours")
        self.window.check(time, request.now)
        return Verified()

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with its id, time and signature; a public key cannot sign."""
        if secret.startswith(PUBLIC):
            raise CannotSign(f"a public key {PUBLIC}… verifies only: sign with {PRIVATE}…")
        request = Request(webhook, public_url, now)
        identifier = self._place("id").find(request) or "msg_sample"
        time = times.written(now, "s")
        signed = self._signed(identifier, time, webhook.body)
        webhook = self._place("id").fill(webhook, identifier)
        webhook = self._place("timestamp").fill(webhook, time)
        return self._place("signature").fill(webhook, _signature(secret, signed))

    def _place(self, name: str) -> Place:
        return Place("header", self.prefix + name)

    def _signed(self, identifier: str, time: str, body: bytes) -> bytes:
        return f"{identifier}.{time}.".encode("utf-8", "surrogateescape") + body


def read_standard(table: Table) -> Standard:
    """Read the scheme from a table of a recipe; `prefix` is `svix-` for senders that use it."""
    return Standard(table.text("prefix", "webhook-").lower(), times.window(table))


def _is_of(secret: str, signed: bytes, signatures: list[str]) -> bool:
    if secret.startswith(PUBLIC):
        given = [each.removeprefix("v1a,") for each in signatures if each.startswith("v1a,")]
        return any(_is_signed(secret, signed, each) for each in given)
    expected = _symmetric(secret, signed)
    return any(keys.is_equal(each, expected) for each in signatures)


def _is_signed(secret: str, signed: bytes, signature: str) -> bool:
    key = _public_key(secret)
    try:
        key.verify(keys.decoded(signature), signed)
    except (InvalidSignature, Refusal):
        # Of several in one header, one that cannot be read leaves the others.
        return False
    return True


def _signature(secret: str, signed: bytes) -> str:
    if not secret.startswith(PRIVATE):
        return _symmetric(secret, signed)
    # The seed, behind which some tools write the public key again.
    seed = keys.key_bytes(secret.removeprefix(PRIVATE), "base64")[:32]
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed)
    return "v1a," + base64.b64encode(signature).decode()


def _symmetric(secret: str, signed: bytes) -> str:
    digest = keys.mac(keys.key_bytes(secret, "whsec"), signed, "sha256")
    return "v1," + keys.encoded(digest, "base64")


@lru_cache(maxsize=64)
def _public_key(secret: str) -> Ed25519PublicKey:
    try:
        data = keys.key_bytes(secret.removeprefix(PUBLIC), "base64")
        return Ed25519PublicKey.from_public_bytes(data)
    except ValueError as error:
        raise Refusal("secret", "a secret of this source is no ed25519 public key") from error
