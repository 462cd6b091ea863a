"""Keys as they are given, keyed hashes of signed bytes, and comparison in constant time."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from streams.sources.auth.outcome import Refusal

KeyFormat: TypeAlias = Literal["text", "hex", "base64", "whsec"]
Hash: TypeAlias = Literal["sha256", "sha1", "sha512"]
Encoding: TypeAlias = Literal["hex", "base64"]
KEY_FORMATS: tuple[KeyFormat, ...] = get_args(KeyFormat)
HASHES: tuple[Hash, ...] = get_args(Hash)
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

_WHSEC = "whsec_"


def key_bytes(secret: str, written: KeyFormat) -> bytes:
    """Decode a secret as the source writes it. Raises Refusal for one that cannot be a key."""
    try:
        if written == "text":
            key = secret.encode()
        elif written == "hex":
            key = bytes.fromhex(secret)
        else:
            text = secret.removeprefix(_WHSEC) if written == "whsec" else secret
            key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refusal("secret", f"a secret of this source is not {written}") from error
    if not key:
        raise Refusal("secret", "a secret of this source is empty")
    return key


def mac(key: bytes, data: bytes, algorithm: Hash) -> bytes:
    """Give the HMAC of some bytes."""
    return hmac.digest(key, data, algorithm)


def encoded(digest: bytes, encoding: Encoding) -> str:
    """Write a digest the one way that senders write it: hex in small letters, padded base64."""
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def decoded(text: str) -> bytes:
    """Decode base64 written in its one canonical way; raises Refusal for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refusal("malformed", "the signature is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Refusal("malformed", "the signature is not base64")
    return data


def is_canonical_url(text: str) -> bool:
    """Return whether a text is base64 for addresses, without padding, in its canonical way."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(data).decode().rstrip("=") == text


def is_equal(left: str | bytes, right: str | bytes) -> bool:
    """Compare two texts or byte strings in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(left), _bytes(right))


def is_any(secrets: tuple[str, ...], matches: Callable[[str], bool]) -> bool:
    """Return whether a credential is of one of the secrets."""
    if not secrets:
        raise Refusal("secret", "this source has no secret")
    return any(map(matches, secrets))


def replay_key(scheme: str, signed: bytes) -> str:
    """Give what is the same for each copy of what was signed."""
    return hashlib.sha256(scheme.encode() + b"\0" + signed).hexdigest()[:32]


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
