"""What a sender signs, as a recipe writes it: `{method}{url}{body}{time}`."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from streams.config.rules.table import Table
from streams.sources.auth.places import Place
from streams.sources.auth.request import Request

_HOLE = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"(header|query)\.(.+)")
NAMES = ("method", "url", "body", "time")


@dataclass(frozen=True, slots=True)
class Template:
    """Literal bytes, names of parts of the request, and places in it, in their order.

    Attributes:
        parts: What is signed.
        unescaped: Characters whose percent-escapes the sender decodes in the address it signs.
    """

    parts: tuple[bytes | str | Place, ...]
    unescaped: str

    def fill(self, request: Request, time: str) -> bytes:
        """Give the bytes that were signed. Raises Refusal if the request lacks a part."""
        return b"".join(self._part(part, request, time) for part in self.parts)

    def _part(self, part: bytes | str | Place, request: Request, time: str) -> bytes:
        if isinstance(part, bytes):
            return part
        if isinstance(part, Place):
            return part.get(request).encode("utf-8", "surrogateescape")
        if part == "url":
            return self.url(request)
        if part == "method":
            return request.webhook.method.encode()
        return request.body if part == "body" else time.encode("utf-8", "surrogateescape")

    def url(self, request: Request) -> bytes:
        """Give the address as the sender signs it."""
        url = request.url
        # Looking for each escape is most of what a verification costs, and few addresses have any.
        for character in self.unescaped if "%" in url else "":
            escape = quote(character, safe="")
            url = url.replace(escape, character).replace(escape.lower(), character)
        return url.encode("utf-8", "surrogateescape")


def template(table: Table, key: str, default: str) -> Template:
    """Read a template of a recipe."""
    text = table.text(key, default)
    parts: list[bytes | str | Place] = []
    end = 0
    for hole in _HOLE.finditer(text):
        parts.append(text[end : hole.start()].encode())
        parts.append(_named(table, key, hole[1]))
        end = hole.end()
    parts.append(text[end:].encode())
    unescaped = table.text("unescaped", "")
    if unescaped and "url" not in parts:
        table.reject("unescaped", "has no effect", f"{key} has no {{url}}")
    return Template(tuple(part for part in parts if part), unescaped)


def _named(table: Table, key: str, name: str) -> str | Place:
    if name in NAMES:
        return name
    match = _NAMED.fullmatch(name)
    if match is None:
        known = ", ".join((*NAMES, "header.<name>", "query.<name>"))
        table.reject(key, f"has {{{name}}}", f"known here: {known}")
    kind, inner = match[1], match[2]
    return Place("header", inner.lower()) if kind == "header" else Place("query", inner)
