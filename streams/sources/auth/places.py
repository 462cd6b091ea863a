"""Where a request has a value: in a header, the address, a field or an XML element of the body."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote

import msgspec

from streams.config.rules.table import Table
from streams.sources.auth.outcome import CannotSign, Refusal
from streams.sources.auth.request import Request
from streams.sources.delivery import Webhook

PlaceKind: TypeAlias = Literal["header", "query", "field", "element"]
KINDS: tuple[PlaceKind, ...] = get_args(PlaceKind)


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a request.

    Attributes:
        kind: What has the value.
        name: The header in lower case, the parameter of the address, the dotted path of a field
            of a JSON or form body, or the name of an XML element.
    """

    kind: PlaceKind
    name: str

    def find(self, request: Request) -> str | None:
        """Give the value, None if it is absent. Raises Refusal if it is given twice."""
        if self.kind == "header":
            return request.header(self.name)
        if self.kind == "query":
            return request.query(self.name)
        return request.field(self.name) if self.kind == "field" else request.element(self.name)

    def get(self, request: Request) -> str:
        """Give the value. Raises Refusal if it is absent or empty."""
        value = self.find(request)
        if not value:
            raise Refusal("missing", f"{self} is missing")
        return value

    def fill(self, webhook: Webhook, value: str) -> Webhook:
        """Give a request that has the value here, and only here."""
        if self.kind == "header":
            others = tuple(each for each in webhook.headers if each[0] != self.name)
            return webhook._replace(headers=(*others, (self.name, value)))
        if self.kind == "query":
            joint = "&" if "?" in webhook.target else "?"
            pair = f"{quote(self.name)}={quote(value, safe='')}"
            return webhook._replace(target=f"{webhook.target}{joint}{pair}")
        if self.kind == "field" and webhook.body.lstrip()[:1] != b"[":
            return webhook._replace(body=_with_field(webhook.body, self.name, value))
        raise CannotSign(f"{self} has to be in the sample")

    def __str__(self) -> str:
        kind = "parameter" if self.kind == "query" else self.kind
        return f"{kind} {self.name}"


def place(table: Table) -> Place:
    """Read the one place that a table of a recipe names."""
    given = [kind for kind in KINDS if table.has(kind)]
    if len(given) != 1:
        wrong = "is one place too many" if given else "is missing"
        table.reject(given[-1] if given else KINDS[0], wrong, f"give one of {', '.join(KINDS)}")
    name = table.text(given[0])
    return Place(given[0], name.lower() if given[0] == "header" else name)


def _with_field(body: bytes, path: str, value: str) -> bytes:
    first, *inner = path.split(".")
    if body.lstrip()[:1] != b"{":
        name = first + "".join(f"[{part}]" for part in inner)
        pair = f"{quote(name, safe='')}={quote(value, safe='')}".encode()
        return body + b"&" + pair if body else pair
    root = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    if inner:
        within = root.get(first, msgspec.Raw(b"{}"))
        root[first] = msgspec.Raw(_with_field(bytes(within), ".".join(inner), value))
    else:
        root[first] = msgspec.Raw(msgspec.json.encode(value))
    return msgspec.json.encode(root)
