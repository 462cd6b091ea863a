"""The scheme `hmac`: a keyed hash of what the recipe says is signed."""

import base64
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from streams.config.rules.table import Table
from streams.sources.auth import keys, times
from streams.sources.auth.outcome import Kind, Refusal, Verified
from streams.sources.auth.places import Place, place
from streams.sources.auth.request import Request
from streams.sources.auth.schemes.scheme import Scheme
from streams.sources.auth.schemes.template import Template, template
from streams.sources.delivery import Webhook

Wrapping: TypeAlias = Literal["hex", "raw"]
WRAPPINGS: tuple[Wrapping, ...] = get_args(Wrapping)


@dataclass(frozen=True, slots=True)
class SignedTime:
    """Where the signed time is: in a place of its own, or in a part of the signature's header."""

    place: Place | None
    part: str
    window: times.Window


@dataclass(frozen=True, slots=True)
class Hmac(Scheme):
    """A keyed hash in one place of the request.

    Attributes:
        place: Where the signature is.
        prefix: What stands before it.
        part: Its name in a header of parts such as `t=1,v1=ab,v1=cd`, else "".
        wrapped: How the digest stands in base64(id:digest), whose id is not signed.
        keep: The header of the delivery that gets this id.
        algorithm, encoding, key: The hash, how it is written, and how the secret is.
        signed: What is signed.
        time: The signed time, None if there is none.
        once: Whether requests that differ always differ in what is signed.
    """

    place: Place
    prefix: str
    part: str
    wrapped: Wrapping | None
    keep: str
    algorithm: keys.Hash
    encoding: keys.Encoding
    key: keys.KeyFormat
    signed: Template
    time: SignedTime | None
    once: bool

    @property
    def credentials(self) -> tuple[str, ...]:
        """Parameters of the address that are secret, by name."""
        return (self.place.name,) if self.place.kind == "query" else ()

    @property
    def has_address(self) -> bool:
        """Whether the public address is part of what is verified."""
        return "url" in self.signed.parts

    def check(self, secret: str) -> None:
        """Raise Refusal for a secret that is not written as a key of this source."""
        keys.key_bytes(secret, self.key)

    def verify(self, request: Request, secrets: tuple[str, ...]) -> Verified:
        """Verify a request with any of the secrets. Raises Refusal."""
        text = self._text(request)
        parts = _parts(text) if self.part else {"": [text]}
        given = [each.encode("utf-8", "surrogateescape") for each in parts.get(self.part, [])]
        if not given:
            raise Refusal("missing", f"{self.place} has no part {self.part}")
        wrapper = ""
        if self.wrapped:
            wrapper, given = _unwrapped(text)
        time = self._time(request, parts)
        signed = self.signed.fill(request, time)
        if not keys.is_any(secrets, lambda secret: self._is_of(secret, signed, given)):
            raise Refusal("mismatch", f"{self.place} is not the signature of this request")
        if self.time:
            # Last, so that clocks are suspected only where the secret is right.
            self.time.window.check(time, request.now)
        replay = keys.replay_key(str(self.place), signed) if self.once else None
        return Verified(replay, {self.keep: wrapper} if self.keep else {})

    def sign(self, webhook: Webhook, secret: str, public_url: str, now: int) -> Webhook:
        """Give the request with its time and signature."""
        time = times.written(now, self.time.window.unit) if self.time else ""
        if self.time and self.time.place:
            webhook = self.time.place.fill(webhook, time)
        signed = self.signed.fill(Request(webhook, public_url, now), time)
        signature = self._signature(secret, signed)
        if self.wrapped:
            signature = base64.b64encode(b"sample:" + signature)
        text = signature.decode()
        if self.part:
            stamp = f"{self.time.part}={time}," if self.time and self.time.part else ""
            text = f"{stamp}{self.part}={text}"
        return self.place.fill(webhook, self.prefix + text)

    def _text(self, request: Request) -> str:
        text = self.place.get(request)
        if not text.startswith(self.prefix):
            raise Refusal("malformed", f"{self.place} does not begin with {self.prefix}")
        return text.removeprefix(self.prefix)

    def _time(self, request: Request, parts: dict[str, list[str]]) -> str:
        if self.time is None:
            return ""
        if self.time.place:
            return self.time.place.get(request)
        found = parts.get(self.time.part, [])
        if len(found) != 1:
            kind: Kind = "repeated" if found else "missing"
            raise Refusal(kind, f"{self.place} has {len(found)} parts {self.time.part}")
        return found[0]

    def _is_of(self, secret: str, signed: bytes, given: list[bytes]) -> bool:
        expected = self._signature(secret, signed)
        return any(keys.is_equal(each, expected) for each in given)

    def _signature(self, secret: str, signed: bytes) -> bytes:
        digest = keys.mac(keys.key_bytes(secret, self.key), signed, self.algorithm)
        return digest if self.wrapped == "raw" else keys.encoded(digest, self.encoding).encode()


def read_hmac(table: Table) -> Hmac:
    """Read the scheme from a table of a recipe."""
    part = table.text("part", "")
    wrapped = table.choice("wrapped", WRAPPINGS) if table.has("wrapped") else None
    found = Hmac(
        place=place(table),
        prefix=table.text("prefix", ""),
        part=part,
        wrapped=wrapped,
        keep=table.text("keep", "").lower(),
        algorithm=table.choice("hash", keys.HASHES, "sha256"),
        encoding=table.choice("encoding", keys.ENCODINGS, "hex"),
        key=table.choice("key", keys.KEY_FORMATS, "text"),
        signed=template(table, "signed", "{body}"),
        time=_signed_time(table, part) if table.has("time") else None,
        once=table.flag("once", False),
    )
    if part and wrapped:
        table.reject("wrapped", "goes with no part", "leave one of both out")
    if found.keep and not wrapped:
        table.reject("keep", "has no effect", "only a wrapped signature has an id to keep")
    if ("time" in found.signed.parts) != bool(found.time):
        has = "does not sign {time}" if found.time else "signs {time}, and there is no time"
        table.reject("signed", has, 'write both, such as time = { header = "x-time", unit = "s" }')
    return found


def _signed_time(table: Table, part: str) -> SignedTime:
    inner = table.table("time")
    inside = inner.text("part", "")
    if inside and not part:
        inner.reject("part", "has no effect", "the signature itself is not in a part")
    found = SignedTime(None if inside else place(inner), inside, times.window(inner))
    inner.finish()
    return found


def _parts(text: str) -> dict[str, list[str]]:
    """Read `t=1,v1=ab,v1=cd`: the values by name."""
    found: dict[str, list[str]] = {}
    for item in text.split(","):
        name, equals, value = item.strip().partition("=")
        if equals:
            found.setdefault(name, []).append(value)
    return found


def _unwrapped(text: str) -> tuple[str, list[bytes]]:
    """Read base64(id:digest)."""
    identifier, colon, digest = keys.decoded(text).partition(b":")
    if not identifier or not colon or not digest:
        raise Refusal("malformed", "the signature names no webhook")
    try:
        return identifier.decode("ascii"), [digest]
    except UnicodeDecodeError as error:
        raise Refusal("malformed", "the signature names no webhook") from error
