"""The settings of sources: who may send webhooks, and how the inbox keeps what they sent."""

# ruff: noqa: RUF009 - `setting` declares a field, and its defaults do not change
import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from streams.config.declaration import setting
from streams.config.kafka_settings import KafkaSettings
from streams.config.setting_kinds import Kind, number, optional_path, secret, text

SOURCES = "Sources and inbox"
KEY_BYTES = 32


def decoded_key(written: str) -> bytes:
    """Read a key of 32 bytes, in hexadecimal or Base64. Raises ValueError."""
    if re.fullmatch(f"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", written):
        return bytes.fromhex(written)
    try:
        key = base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ValueError("not hexadecimal or Base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"{len(key)} bytes long")
    return key


def _keys_complaint(value: str) -> str | None:
    try:
        for part in value.split(",") if value else ():
            decoded_key(part)
    except ValueError:
        return (
            f"must be {KEY_BYTES} bytes in hexadecimal or Base64, several with commas between;"
            " try: openssl rand -hex 32"
        )
    return None


def _secrets_complaint(value: tuple[str, ...]) -> str | None:
    return None if all(value) else "has nothing before or after a comma"


def _url_complaint(value: str) -> str | None:
    if not value:
        return None
    parts = urlsplit(value)
    is_plain = not (parts.query or parts.fragment or parts.username or value.endswith("/"))
    if parts.scheme in ("https", "http") and parts.hostname and is_plain:
        return None
    return "must be like https://crm.example.com, without a slash at its end"


def _parts(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split(","))


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSettings(KafkaSettings):
    """What an operator can set about sources; a part of `Settings`."""

    secrets: Mapping[str, tuple[str, ...]] = setting(
        SOURCES,
        MappingProxyType({}),
        Kind(
            range="text; several with commas between them",
            read=_parts,
            complaint=_secrets_complaint,
            is_secret=True,
        ),
        "What proves that a webhook comes from this source, such as `SECRET_HUBSPOT`: the key of"
        " its signatures, or the token in its address. Several are valid at once while one"
        " replaces another. A source without a secret is off; the mapping file says how long a"
        " secret has to be.",
        family="SECRET",
    )
    api_tokens: Mapping[str, str] = setting(
        SOURCES,
        MappingProxyType({}),
        secret("text"),
        "The source's token with which its records are read, such as `API_TOKEN_HUBSPOT`.",
        family="API_TOKEN",
    )
    sources: Path | None = setting(
        SOURCES,
        None,
        optional_path("path of a folder"),
        "Folder of your own mapping files. Each is laid over the one of the same source, or adds a"
        " source.",
    )
    public_url: str = setting(
        SOURCES,
        "",
        text("URL without a slash at its end, `https://crm.example.com`", _url_complaint),
        "Where senders of webhooks reach the gateway. Some sign this address, and what a request"
        " itself says of it proves nothing.",
    )
    webhook_rate: int = setting(
        SOURCES,
        1_000,
        number(1, 1_000_000, "requests/s"),
        "Verified webhooks of one source that each gateway accepts in a second, averaged over ten;"
        " more are asked to come again. Not for sources that give up soon: it would lose theirs.",
    )
    inbox_days: int = setting(
        SOURCES,
        14,
        number(1, 3_650, "days"),
        "How long verified webhooks are kept as they came, to be mapped again after a mapping was"
        " corrected. In force when `crm.inbox` is created.",
    )
    inbox_key: str = setting(
        SOURCES,
        "",
        secret(
            f"{KEY_BYTES} bytes in hexadecimal or Base64, several with commas between them",
            _keys_complaint,
        ),
        "Keys under which the bodies in the inbox are encrypted. The first encrypts, all decrypt."
        " Without one, bodies are kept as they came.",
    )
