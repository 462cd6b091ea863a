"""What counts as JSON: media types, and bytes."""

import re

import msgspec

_TYPE = re.compile(r"(?:application|text)/(?:[\w.!#$&^-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_syntax = msgspec.json.Decoder(msgspec.Raw)


def is_json_type(content_type: str) -> bool:
    """Return whether a media type is JSON: `text/json` and `application/hal+json` are too."""
    return _TYPE.fullmatch(content_type) is not None


def is_json(value: bytes) -> bool:
    """Return whether the bytes are JSON."""
    try:
        _syntax.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def is_utf8(value: bytes) -> bool:
    """Return whether the bytes are UTF-8; the decoder does not check unknown fields."""
    if value.isascii():
        return True
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
