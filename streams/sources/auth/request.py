"""A request under verification: its parts, each of which may be there once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from streams.sources.auth.outcome import Refusal
from streams.sources.delivery import Webhook

# Of a form that is parsed before its sender is known; a call or a mail has some dozens.
PAIRS = 5_000


class Request:
    """A webhook, the address under which senders know this gateway, and the time.

    Every part that occurs twice is refused: the sender and we might mean different ones. All
    errors are Refusal.
    """

    def __init__(self, webhook: Webhook, public_url: str, now: int) -> None:
        self.webhook = webhook
        self.now = now
        self._public_url = public_url

    @property
    def body(self) -> bytes:
        """The bytes that were received."""
        return self.webhook.body

    @property
    def url(self) -> str:
        """The full address that the sender called, as the settings have it."""
        if not self._public_url:
            raise Refusal("address", "this source signs the address: set SALES_KPIS_PUBLIC_URL")
        if not self.webhook.target.startswith("/"):
            # It would be read as a part of the host.
            raise Refusal("malformed", "the address has no path")
        return self._public_url.rstrip("/") + self.webhook.target

    def header(self, name: str) -> str | None:
        """Give a header by its name in lower case."""
        return _single([value for key, value in self.webhook.headers if key == name], name)

    def query(self, name: str) -> str | None:
        """Give a parameter of the address."""
        return _single([value for key, value in self._query if key == name], name)

    def field(self, path: str) -> str | None:
        """Give a text of the body by its dotted path: of a JSON object, or of a form `a[b][c]`."""
        first, *inner = path.split(".")
        if not self.is_json:
            name = first + "".join(f"[{part}]" for part in inner)
            return _single([value for key, value in self.form if key == name], name)
        found: Any = self._json
        for part in (first, *inner):
            found = found.get(part) if isinstance(found, Mapping) else None
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        if found is not None and not isinstance(found, str):
            raise Refusal("body", f"{path} of the body is not a text")
        return found

    def element(self, name: str) -> str | None:
        """Give the text of an XML element by its name without namespace."""
        found = [each.text or "" for each in self._xml.iter() if _local(each) == name]
        return _single(found, name)

    @cached_property
    def is_json(self) -> bool:
        """Whether the body is written as JSON, whatever its headers say of it."""
        return self.body.lstrip()[:1] in (b"{", b"[")

    @property
    def is_alone(self) -> bool:
        """Whether the body has one field and nothing else."""
        fields = self._json if self.is_json else self.form
        return isinstance(fields, Mapping | list) and len(fields) == 1

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        """The pairs of a body that is a form, in their order, empty values included."""
        try:
            return _pairs(self.body.decode())
        except ValueError as error:
            raise Refusal("body", "the body is no form") from error

    @cached_property
    def _query(self) -> list[tuple[str, str]]:
        try:
            return _pairs(self.webhook.target.partition("?")[2])
        except ValueError as error:
            raise Refusal("malformed", "the address cannot be read") from error

    @cached_property
    def _json(self) -> Any:
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError) as error:
            raise Refusal("body", "the body is not JSON") from error

    @cached_property
    def _xml(self) -> Element:
        try:
            return fromstring(self.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise Refusal("body", "the body is not XML") from error


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=PAIRS)


def _single(found: list[str], name: str) -> str | None:
    if len(found) > 1:
        raise Refusal("repeated", f"{name} is given {len(found)} times")
    return found[0] if found else None


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
