"""The requests of an API: addresses from ids that match their pattern, never from payloads."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec

from streams.sources.api import placeholders
from streams.sources.api.layout import Api, Call, ListCall, Login, ReadCall, TimeForm

FORMATS: Mapping[TimeForm, str] = {
    "iso": "%Y-%m-%dT%H:%M:%SZ",
    "offset": "%Y-%m-%dT%H:%M:%S+00:00",
    "plain": "%Y-%m-%dT%H:%M:%S",
    "utc": "%Y-%m-%d %H:%M:%S",
}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# Servers refuse longer ones.
LONGEST_URL = 16_000
PORTS = {"http": 80, "https": 443}
# Amounts inside bodies keep every digit.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class NoRequest(Exception):
    """A request that cannot be made; the message says why."""


class Access(NamedTuple):
    """What is given of one account: names such as its host, and the token in force."""

    account: Mapping[str, str]
    token: str

    @property
    def values(self) -> dict[str, str]:
        """All of it, by placeholder."""
        return {**self.account, "token": self.token}


class Request(NamedTuple):
    """What is sent. Any part may hold a token: none of it goes to a log."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Which page of a list.

    Attributes:
        since: Records changed from this instant on, in milliseconds since the epoch.
        seen: How many records the pages before had, since the list began (again).
        number: The number of the page, from 0.
        cursor: What the page before gave, or None.
        url: The address that the page before gave, or "".
    """

    since: int
    seen: int = 0
    number: int = 0
    cursor: str | None = None
    url: str = ""

    def restarted(self, since: int) -> "Position":
        """Return the first page of the list from a later instant on."""
        return replace(self, since=since, seen=0, number=0, cursor=None, url="")


def refusal(api: Api | None, kind: str, id: str) -> str | None:  # noqa: A002 - the domain's name
    """Return why a record cannot be read, or None."""
    if api is None or kind not in api.reads:
        return f"[api.read.{kind}] is missing: how such a record is read"
    pattern = api.reads[kind].id
    if not pattern.fullmatch(id):
        return f"the id {id[:64]!r} of a {kind} does not match {pattern.pattern}"
    return None


def read_request(api: Api, kind: str, ids: Sequence[str], access: Access) -> Request:
    """Return the request that reads some records of a kind. Raises NoRequest."""
    for each in ids:
        if reason := refusal(api, kind, each):
            raise NoRequest(reason)
    call: ReadCall = api.reads[kind]
    values: dict[str, Any] = {"id": ids[0], "ids": ",".join(ids)}
    if ids[0].isdecimal() and ids[0].isascii():
        values["number"] = int(ids[0])
    return _request(api, call, values, {**values, "ids": list(ids)}, access)


def list_request(api: Api, call: ListCall, position: Position, access: Access) -> Request:
    """Return the request for one page. Raises NoRequest."""
    pages = call.pages
    first = pages.counted or 0
    values: dict[str, Any] = {
        "since": written(max(position.since - call.earlier_ms, 0), call.time),
        "limit": pages.size,
        "offset": first + position.seen,
        "page": first + position.number,
    }
    if position.cursor is not None:
        values["cursor"] = position.cursor
    if position.url:
        url = same_origin(_filled(api.base, access.values), position.url)
        return Request("GET", url, _headers(api, call, values, access))
    return _request(api, call, values, values, access)


def written(instant: int, form: TimeForm) -> str:
    """Write an instant in milliseconds as an API has it.

    `iso` is RFC 3339 in UTC, `offset` the same with +00:00, `plain` without Z, `utc` without
    T as well: all to the second before.
    """
    if form == "ms":
        return str(instant)
    if form == "s":
        return str(instant // 1000)
    return datetime.fromtimestamp(instant // 1000, UTC).strftime(FORMATS[form])


def login_request(login: Login, token: str, account: Mapping[str, str]) -> Request:
    """Return the request for a short-lived token.

    Raises NoRequest where the configured token has not as many parts as it must.
    """
    parts = token.split(":")
    if len(parts) != len(login.parts):
        raise NoRequest(f"the API token has not {len(login.parts)} parts: {':'.join(login.parts)}")
    values = {**account, **dict(zip(login.parts, parts, strict=True))}
    form = {name: _filled(text, values) for name, text in login.form.items()}
    headers = {"Content-Type": FORM}
    if login.basic:
        user = ":".join(values[name] for name in login.basic)
        headers["Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    return Request("POST", _filled(login.url, account), headers, urlencode(form).encode())


def same_origin(origin: str, url: str) -> str:
    """Return the address that a page gave, made absolute. Raises NoRequest for another server."""
    try:
        found = urljoin(origin + "/", url)
        ours, theirs = (
            (parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme), parts.username)
            for parts in map(urlsplit, (origin, found))
        )
    except ValueError as error:
        raise NoRequest("the address of the next page is none") from error
    if ours != theirs or len(found) > LONGEST_URL:
        raise NoRequest("the address of the next page leads to another server: not followed")
    return found


def _request(
    api: Api, call: Call, values: Mapping[str, Any], typed: Mapping[str, Any], access: Access
) -> Request:
    known = {**access.account, **values}
    in_path = {name: quote(str(value), safe="") for name, value in known.items()}
    url = _filled(api.base, access.values) + _filled(call.path, in_path)
    query = {
        name: _filled(text, known)
        for name, text in call.query.items()
        if not placeholders.is_left_out(text, values)
    }
    if query:
        url += f"{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote)}"
    if len(url) > LONGEST_URL:
        raise NoRequest("the address would be too long")
    headers = _headers(api, call, values, access)
    if call.body is None:
        return Request(call.method, url, headers)
    try:
        body = placeholders.filled_json(call.body, {**access.values, **typed})
    except placeholders.Unknown as error:
        raise _missing(error) from error
    if call.encoding == "form":
        return Request(
            call.method, url, {**headers, "Content-Type": FORM}, urlencode(body).encode()
        )
    return Request(call.method, url, {**headers, "Content-Type": JSON}, _encode(body))


def _headers(api: Api, call: Call, values: Mapping[str, Any], access: Access) -> dict[str, str]:
    known = {**access.values, **values}
    return {name: _filled(text, known) for name, text in {**api.headers, **call.headers}.items()}


def _filled(text: str, values: Mapping[str, Any]) -> str:
    given = {name: value for name, value in values.items() if value != ""}
    try:
        return placeholders.filled(text, given)
    except placeholders.Unknown as error:
        raise _missing(error) from error


def _missing(error: placeholders.Unknown) -> NoRequest:
    return NoRequest(f"[api.account] {error} is not given: write it in your mapping file")
