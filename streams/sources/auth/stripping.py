"""Removal of live tokens from a body before it is kept."""

from urllib.parse import unquote_to_bytes

import msgspec


def strip(body: bytes, paths: tuple[str, ...]) -> bytes:
    """Give the body without the fields at some dotted paths; all else keeps its bytes.

    Understands a JSON object and a form, whose `a[b]` is `a.b`; of a list of objects, each. Raises
    ValueError for a JSON body that cannot be read.
    """
    if not paths:
        return body
    start = body.lstrip()[:1]
    if start == b"[":
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
        return msgspec.json.encode([msgspec.Raw(_object(bytes(item), paths)) for item in items])
    return _object(body, paths) if start == b"{" else _form(body, paths)


def _object(body: bytes, paths: tuple[str, ...]) -> bytes:
    if body.lstrip()[:1] != b"{":
        return body
    found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    inner: dict[str, list[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        inner.setdefault(first, []).append(rest)
    if not found.keys() & inner.keys():
        return body
    for name in found.keys() & inner.keys():
        if "" in inner[name]:
            del found[name]
        else:
            found[name] = msgspec.Raw(_object(bytes(found[name]), tuple(inner[name])))
    return msgspec.json.encode(found)


def _form(body: bytes, paths: tuple[str, ...]) -> bytes:
    names = [_bracketed(path) for path in paths]
    return b"&".join(pair for pair in body.split(b"&") if not _is_at(pair, names))


def _bracketed(path: str) -> bytes:
    first, *inner = path.split(".")
    return (first + "".join(f"[{part}]" for part in inner)).encode()


def _is_at(pair: bytes, names: list[bytes]) -> bool:
    name = unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" "))
    return any(name == each or name.startswith(each + b"[") for each in names)
