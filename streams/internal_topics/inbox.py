"""Records of `crm.inbox`: verified deliveries of sources, as they came but for credentials.

The value is the body, encrypted where the installation has an inbox key; the headers hold the
rest. Records have no key: deliveries are mapped to events that are a set, so that no two of them
have an order.

An encrypted value is a salt and what AES-256-GCM gives under a key of its own, derived from the
installation's and the salt: a random nonce alone would be safe for some thousand million records
only, which a busy gateway writes in weeks. The other headers are authenticated with it.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.config.source_settings import decoded_key
from streams.sources.delivery import Delivery

Headers = tuple[tuple[str, bytes], ...]
FORM = b"1"
# Derivation takes the first part, the cipher the second one as its nonce.
SALT_BYTES, NONCE_BYTES = 24, 12


class Unreadable(Exception):
    """A record that is no delivery, or is encrypted under a key that is not known."""


class Received(NamedTuple):
    """A delivery, and the digest of the mapping file that was in force when it came."""

    delivery: Delivery
    mapping: str


class InboxKeys:
    """The keys of the inbox: the first encrypts, all of them decrypt.

    `setting` holds them with commas between them; empty: bodies are not encrypted.
    """

    def __init__(self, setting: str = "", salt: Callable[[int], bytes] = os.urandom) -> None:
        keys = [decoded_key(each) for each in setting.split(",")] if setting else []
        self._keys = {_key_name(key): key for key in keys}
        self._salt = salt

    def encrypt(self, body: bytes, headers: Headers) -> tuple[bytes, Headers]:
        """Return the value of a record, and its headers."""
        if not self._keys:
            return body, headers
        name, key = next(iter(self._keys.items()))
        salt = self._salt(SALT_BYTES)
        headers = (*headers, ("key", name.encode()))
        encrypted = _cipher(key, salt).encrypt(salt[-NONCE_BYTES:], body, _bound(headers))
        return salt + encrypted, headers

    def decrypt(self, value: bytes, headers: Headers) -> bytes:
        """Return the body of a record. Raises Unreadable."""
        name = dict(headers).get("key")
        if name is None:
            return value
        key = self._keys.get(name.decode(errors="replace"))
        if key is None:
            raise Unreadable(
                f"encrypted under key {name.decode(errors='replace')}, which is none of"
                " SALES_KPIS_INBOX_KEY"
            )
        salt, encrypted = value[:SALT_BYTES], value[SALT_BYTES:]
        try:
            return _cipher(key, salt).decrypt(salt[-NONCE_BYTES:], encrypted, _bound(headers))
        except (InvalidTag, ValueError) as error:
            raise Unreadable("the record was changed after it was encrypted") from error


def encode(delivery: Delivery, mapping: str, keys: InboxKeys) -> tuple[bytes, Headers]:
    """Return value and headers of the record of a delivery."""
    return keys.encrypt(
        delivery.body,
        (
            ("form", FORM),
            ("source", delivery.source.encode()),
            ("label", delivery.label.encode()),
            ("received", str(delivery.received).encode()),
            ("query", msgspec.json.encode(delivery.query)),
            ("headers", msgspec.json.encode(delivery.headers)),
            ("mapping", mapping.encode()),
        ),
    )


def decode(
    value: bytes | None, headers: Iterable[tuple[str, bytes]] | None, keys: InboxKeys
) -> Received:
    """Return the delivery of a record. Raises Unreadable."""
    written = tuple(headers or ())
    found = dict(written)
    if len(found) != len(written) or found.get("form") != FORM or value is None:
        raise Unreadable("not a record of the gateway's, or of a later version")
    body = keys.decrypt(value, written)
    try:
        delivery = Delivery(
            source=found["source"].decode(),
            label=found["label"].decode(),
            query=msgspec.json.decode(found["query"], type=dict[str, str]),
            headers=msgspec.json.decode(found["headers"], type=dict[str, str]),
            body=body,
            received=int(found["received"]),
        )
        return Received(delivery, found["mapping"].decode())
    except (KeyError, ValueError) as error:
        raise Unreadable(f"a header is missing or wrong: {error}") from error


def _key_name(key: bytes) -> str:
    """Return what a key is called in records, which does not reveal it."""
    return hmac.digest(key, b"name of an inbox key", "sha256")[:4].hex()


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"body of an inbox record" + salt, "sha256"))


def _bound(headers: Headers) -> bytes:
    """Return the headers as one text, which no other headers give."""
    return msgspec.json.encode([[name, text.hex()] for name, text in headers])
