"""The schemes `twilio` and `mandrill`: the address, then names and values of a form, sorted."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from streams.config.rules.table import Table
from streams.sources.auth import keys
from streams.sources.auth.outcome import Refusal, Verified
from streams.sources.auth.places import Place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.delivery import Webhook

BODY_HASH = Place("query", "bodySHA256")
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class FormSigned(Scheme):
    """HMAC of the address and the sorted form.

    Attributes:
        place: Where the signature is, in base64.
        algorithm: The hash.
        is_twilio: Whether the port may be in the address or not, a value repeated under one
            name counts once, and a JSON body is signed by its hash in the address.
    """

    place: Place
    algorithm: keys.Hash
    is_twilio: bool

    @property
    def has_address(self) -> bool:
        """Whether the public address is part of what is verified."""
        return True

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        given = self.place.get(request)
        form = self._form(request)
        signed = [
            (url + form).encode("utf-8", "surrogateescape") for url in self._urls(request.url)
        ]
        if not keys.is_any(secrets, lambda secret: self._is_of(secret, signed, given)):
            raise Refusal("mismatch", f"{self.place} is not the signature of this request")
        return Verified(keys.replay_key(str(self.place), signed[0]))

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with its signature, and the hash of a JSON body in the address."""
        request = Request(webhook, public_url, now)
        if self.is_twilio and request.is_json:
            digest = hashlib.sha256(webhook.body).hexdigest()
            webhook = BODY_HASH.fill(webhook, digest)
            request = Request(webhook, public_url, now)
        signed = (request.url + self._form(request)).encode()
        return self.place.fill(webhook, self._signature(secret, signed))

    def _form(self, request: Request) -> str:
        """Give what is signed beside the address; checks the hash of a body that is no form."""
        digest = BODY_HASH.find(request) if self.is_twilio else None
        if digest is None:
            pairs: Iterable[tuple[str, str]] = request.form
            return "".join(map("".join, sorted(set(pairs) if self.is_twilio else pairs)))
        if not keys.is_equal(digest, hashlib.sha256(request.body).hexdigest()):
            raise Refusal("mismatch", f"{BODY_HASH} is not the hash of this body")
        return ""

    def _is_of(self, secret: str, signed: list[bytes], given: str) -> bool:
        return any(keys.is_equal(given, self._signature(secret, each)) for each in signed)

    def _urls(self, url: str) -> tuple[str, ...]:
        return _with_and_without_port(url) if self.is_twilio else (url,)

    def _signature(self, secret: str, signed: bytes) -> str:
        digest = keys.mac(keys.key_bytes(secret, "text"), signed, self.algorithm)
        return keys.encoded(digest, "base64")


def read_twilio(table: Table) -> FormSigned:
    """Read the scheme `twilio` from a table of a recipe."""
    return FormSigned(
        Place("header", "x-twilio-signature"), table.choice("hash", keys.HASHES, "sha1"), True
    )


def read_mandrill(table: Table) -> FormSigned:
    """Read the scheme `mandrill` from a table of a recipe."""
    del table
    return FormSigned(Place("header", "x-mandrill-signature"), "sha1", False)


def _with_and_without_port(url: str) -> tuple[str, str]:
    """Give an address with its port and without: what the sender signs is not settled."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        rest = url[url.index(parts.netloc) + len(parts.netloc) :]
    except (ValueError, KeyError) as error:
        raise Refusal("address", "SALES_KPIS_PUBLIC_URL is no address of http or https") from error
    bare = parts.netloc.removesuffix(f":{port}")
    start = f"{parts.scheme}://"
    return f"{start}{bare}{rest}", f"{start}{bare}:{port}{rest}"
