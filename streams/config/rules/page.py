"""The table `[page]`: who may look at the page, and at what of it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from streams.config.rules.table import Table
from streams.events.labels import label_of

EVERYTHING = "everything"
# Scopes that stand for people: what is seen may be limited to these.
LIMITS = ("team", "rep")
WANTED = 'write "everything", { team = "a" } or { rep = "ann" }'
TARGETS = "targets"
# What `link = "contact"` of a mapping file makes of an id: source, label if any, and kind.
LINKED = re.compile(r"[a-z0-9_-]+(:[A-Za-z0-9_-]+){1,2}")
ID = "{id}"
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccess:
    """One rule: who shows its token, or is one of the users, sees these scopes.

    `scopes` are written as in keys, `rep=ann`; None stands for everything. The token is read from
    its file by the page alone: other processes need not be able to. `sets_targets` says whether
    targets of these scopes may be set on the page.
    """

    scopes: tuple[str, ...] | None
    token_file: Path | None = None
    users: tuple[str, ...] = ()
    sets_targets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxy:
    """A proxy that has authenticated the user: it names the user in a header.

    `networks` are the addresses that the header is believed from.
    """

    header: str
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRules:
    """Everything in the table; without access rules the page is for its own machine alone.

    `links` are addresses by the beginning of a subject, `hubspot:contact`, with `{id}` in them.
    """

    access: tuple[PageAccess, ...] = ()
    proxy: TrustedProxy | None = None
    links: Mapping[str, str] = field(default_factory=dict)


def parse(table: Table) -> PageRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    proxy = _proxy(table.table("proxy")) if table.has("proxy") else None
    access = []
    named: set[str] = set()
    for each in table.tables("access"):
        rule = _access(each, has_proxy=proxy is not None)
        for number, user in enumerate(rule.users):
            if user in named:
                each.reject("users", f'has "{user}" twice', "name each user in one rule", number)
            named.add(user)
        access.append(rule)
    links = _links(table.table("links")) if table.has("links") else {}
    table.finish()
    if proxy is not None and not named:
        table.reject("proxy", "names nobody", "write [[page.access]] with users, or leave it out")
    return PageRules(access=tuple(access), proxy=proxy, links=links)


def _access(table: Table, *, has_proxy: bool) -> PageAccess:
    path = Path(table.text("token_file")) if table.has("token_file") else None
    users = table.options("users") if table.has("users") else ()
    sets_targets = table.has("sets") and table.choice("sets", (TARGETS,)) == TARGETS
    rule = PageAccess(
        scopes=_scopes(table), token_file=path, users=users, sets_targets=sets_targets
    )
    table.finish()
    if path is None and not users:
        table.reject("sees", "is for nobody", "add token_file, or users of a proxy")
    if users and not has_proxy:
        do = "write [page.proxy] with its header and the addresses it may come from"
        table.reject("users", "are named without a proxy", do)
    return rule


def _scopes(table: Table) -> tuple[str, ...] | None:
    """Give what a rule lets see: `"everything"`, or teams and reps."""
    written = table.raw("sees")
    if written == EVERYTHING:
        return None
    if not isinstance(written, dict):
        table.reject("sees", "is none of what can be seen", WANTED)
    sees = table.table("sees")
    found = [
        f"{dimension}={name}"
        for dimension in LIMITS
        if sees.has(dimension)
        for name in _names(sees, dimension)
    ]
    sees.finish()
    if not found:
        table.reject("sees", "names nothing", WANTED)
    return tuple(found)


def _names(table: Table, key: str) -> tuple[str, ...]:
    """Read one name or a list of names, as events have them."""
    is_list = isinstance(table.raw(key), list)
    written = table.options(key) if is_list else (table.text(key),)
    return tuple(label_of(name) for name in written)


def _proxy(table: Table) -> TrustedProxy:
    header = table.text("header")
    if not HEADER.fullmatch(header):
        table.reject("header", f'is "{header[:40]}"', 'name one header, such as "X-Forwarded-User"')
    networks = []
    for number, written in enumerate(table.options("from")):
        try:
            networks.append(ipaddress.ip_network(written))
        except ValueError:
            do = 'write an address or a network, such as "10.0.0.0/8"'
            table.reject("from", f'has "{written[:40]}", which is no address', do, number)
    if not networks:
        table.reject("from", "is empty", 'name the addresses of the proxy, such as "10.0.0.5"')
    table.finish()
    return TrustedProxy(header=header, networks=tuple(networks))


def _links(table: Table) -> dict[str, str]:
    found = {}
    for name in table.names():
        address = table.text(name)
        if not LINKED.fullmatch(name):
            do = 'write source and kind, such as "hubspot:contact"'
            table.reject(name, "is no beginning of a subject", do)
        if urlsplit(address).scheme not in ("http", "https") or address.count(ID) != 1:
            do = 'write an address with {id} in it, such as "https://crm.example.com/deals/{id}"'
            table.reject(name, "is no address of an object", do)
        if ID in address.partition("//")[2].partition("/")[0]:
            table.reject(name, "has {id} in its host", "write {id} behind the host")
        found[name] = address
    return found
