"""Reads section `[api]` of a mapping file, and refuses what could not work."""

import re
from collections.abc import Collection, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from streams.config.rules.table import Table
from streams.sources.api import placeholders
from streams.sources.api.layout import (
    BODIES,
    METHODS,
    TIME_FORMS,
    Api,
    ListCall,
    Login,
    Pages,
    ReadCall,
)

ID = r"[A-Za-z0-9_-]{1,64}"
# What a user gives of an account becomes part of addresses: a host, a number, a name.
ACCOUNT = re.compile(r"[A-Za-z0-9._:-]{1,253}")
NAME = re.compile(r"[a-z][a-z0-9_]*")
BASE = re.compile(r"https?://[^/?#]+(/[^?#]*)?")
TOKEN = "token"  # noqa: S105 - the name of a placeholder
READ_NAMES = frozenset({"id", "ids", "number"})
LIST_NAMES = frozenset({"since", "cursor", "offset", "page", "limit"})
MOST_IDS = 500


def parse(table: Table) -> Api:
    """Read the table `[api]`. Raises BadSetting for the first mistake, with its line."""
    account, accounts = _accounts(table.table("account"))
    base = table.text("base").rstrip("/")
    if not BASE.fullmatch(base):
        table.reject("base", f"is {base!r}", 'write an address, such as "https://{host}/api"')
    known = {*account, *(name for each in accounts.values() for name in each)}
    _require_known(table, "base", base, {*known, TOKEN})
    login = _login(table.table("login"), account) if table.has("login") else None
    headers = _texts(table.table("headers"), {*known, TOKEN})
    rate = Decimal(table.decimal("rate", "2", low="0.01", high="1000"))
    reads, lists = table.table("read"), table.table("list")
    listed = [name for name in lists.names() if not lists.table(name).flag("off", False)]
    found = Api(
        base,
        headers,
        int((1000 / rate).to_integral_value(ROUND_CEILING)),
        account,
        accounts,
        login,
        {kind: _read(kind, reads.table(kind), known) for kind in reads.names()},
        {kind: _list(kind, lists.table(kind), known) for kind in listed},
    )
    for name, each in found.lists.items():
        if each.is_read and each.kind not in found.reads:
            lists.table(name).reject("read", "is true", f"write [api.read.{each.kind}] as well")
    table.finish()
    return found


def _accounts(table: Table) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Read `[api.account]`: texts, and tables of texts by label."""
    own: dict[str, str] = {}
    by_label: dict[str, dict[str, str]] = {}
    for name in table.names():
        if isinstance(table.raw(name), dict):
            inner = table.table(name)
            by_label[name] = {each: _value(inner, each) for each in inner.names()}
        else:
            own[name] = _value(table, name)
    return own, by_label


def _value(table: Table, name: str) -> str:
    value = table.text(name, "")
    if not NAME.fullmatch(name):
        table.reject(name, "is no name", "write it in small letters, such as host")
    if value and not ACCOUNT.fullmatch(value):
        table.reject(name, f"is {value[:40]!r}", "write letters, digits and . _ : - only")
    return value


def _login(table: Table, account: Collection[str]) -> Login:
    parts = table.options("parts")
    known = {*parts, *account}
    form = _texts(table.table("form"), known)
    found = Login(table.text("url"), form, table.options("basic", (), among=parts), parts)
    _require_known(table, "url", found.url, known)
    if len(found.basic) not in (0, 2):
        table.reject("basic", "has not two names", "name the user's part and the password's")
    table.finish()
    return found


def _read(kind: str, table: Table, known: Collection[str]) -> ReadCall:
    written = table.text("id", ID)
    try:
        pattern = re.compile(written)
    except re.error as error:
        table.reject("id", f"is no regular expression: {error}", f'write one, such as "{ID}"')
    most = table.number("most", 1, low=1, high=MOST_IDS)
    call = _call(kind, table, {*known, *READ_NAMES})
    found = ReadCall(**call, id=pattern, most=most, key=path(table, "key", "id"))
    table.finish()
    needed = ("ids",) if most > 1 else ("id", "number")
    if not {*needed} & {*placeholders.names([found.path, found.query, found.headers, found.body])}:
        table.reject("path", f"names no {{{needed[0]}}}", "a record is read by its id")
    return found


def _list(name: str, table: Table, known: Collection[str]) -> ListCall:
    kind = table.text("kind", name)
    table.has("off")
    pages = _pages(table.table("page"))
    found = ListCall(
        **_call(kind, table, {*known, *LIST_NAMES}),
        time=table.choice("time", TIME_FORMS, "iso"),
        earlier_ms=table.duration("earlier", 0),
        is_read=table.flag("read", False),
        pages=pages,
    )
    table.finish()
    used = {*placeholders.names([found.path, found.query, found.headers, found.body])}
    if "since" not in used:
        table.reject("path", "names no {since}", "write it in path, query or body")
    counted = {"offset", "page"} & used
    if bool(counted) != (pages.counted is not None):
        table.reject(
            "page",
            "and the placeholders do not fit",
            'page.from goes with {offset} or {page}, such as page = { from = 1 } with "{page}"',
        )
    if (pages.cursor is not None) != ("cursor" in used):
        table.reject("page", "and the placeholders do not fit", "page.cursor goes with {cursor}")
    return found


def _pages(table: Table) -> Pages:
    found = Pages(
        size=table.number("size", 100, low=1, high=10_000),
        next=path(table, "next", None),
        link=table.flag("link", False),
        cursor=path(table, "cursor", None),
        counted=table.number("from", 0, high=1) if table.has("from") else None,
        more=path(table, "more", None),
        most=table.number("most", 0),
        changed=path(table, "changed", None),
    )
    ways = [found.next is not None, found.link, found.cursor is not None, found.counted is not None]
    if sum(ways) > 1:
        table.reject("size", "has several ways beside it", "use one of next, link, cursor, from")
    if found.most and found.changed is None:
        table.reject("most", "needs changed", "name the path of a record's time of change")
    table.finish()
    return found


def _call(kind: str, table: Table, known: Collection[str]) -> dict[str, Any]:
    """Read what both kinds of request have, as the arguments of `Call`."""
    method = table.choice("method", METHODS, "GET")
    where = table.text("path")
    if not where.startswith("/"):
        table.reject("path", f"is {where[:40]!r}", 'begin it with "/"')
    _require_known(table, "path", where, known)
    query = _texts(table.table("query"), known)
    headers = _texts(table.table("headers"), known)
    body = table.raw("body") if table.has("body") else None
    for name in placeholders.names(body):
        _require(table, "body", name, {*known, TOKEN})
    return {
        "kind": kind,
        "method": method,
        "path": where,
        "query": query,
        "headers": headers,
        "body": body,
        "encoding": table.choice("encoding", BODIES, "json"),
        "items": path(table, "items", "@"),
    }


def _texts(table: Table, known: Collection[str]) -> Mapping[str, str]:
    found = {name: table.text(name, "") for name in table.names()}
    for name, text in found.items():
        _require_known(table, name, text, known)
    return found


def _require_known(table: Table, key: str, text: str, known: Collection[str]) -> None:
    for name in placeholders.names(text):
        _require(table, key, name, known)


def _require(table: Table, key: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        table.reject(
            key,
            f"names {{{name}}}",
            f"known here: {', '.join(sorted(known))}; others are given in [api.account]",
        )


def path(table: Table, key: str, default: str | None) -> Any:
    """Read a JMESPath; None where there is neither one nor a default."""
    if not table.has(key) and default is None:
        return None
    written = table.text(key, default)
    try:
        return jmespath.compile(written)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        table.reject(key, f"is no path: {reason}", 'write one, such as "data.items"')
