"""The table `[notify.mail]`: the server that sends e-mail, and what an address looks like."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

from streams.config.rules.notify.places import is_loopback
from streams.config.rules.table import Table

Security = Literal["starttls", "tls", "none"]
SECURITIES: tuple[Security, ...] = ("starttls", "tls", "none")
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
# No check that it exists: what it cannot have, whatever server it is for.
ADDRESS = re.compile(r"[^@\s<>,;\"()\[\]\\]+@[^@\s<>,;\"()\[\]\\]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    """The mail server, and who the mails are from.

    Attributes:
        sender: The address in `From`, with or without a name before it.
        password_file: The file with the password of `user`; both or neither.
        ca_file: Certificates that the server's is checked against; None: the system's.
    """

    host: str
    port: int
    security: Security
    sender: str
    user: str
    password_file: Path | None
    ca_file: Path | None


def parse(table: Table) -> MailRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    security = table.choice("security", SECURITIES, "starttls")
    host = table.text("host")
    if security == "none" and not is_loopback(host):
        table.reject(
            "security", 'is "none"', f'it is for a server on this machine; {host} needs "starttls"'
        )
    sender = table.text("from")
    if not is_address(parseaddr(sender)[1]):
        table.reject(
            "from",
            f'is "{sender[:80]}"',
            'write an address, such as "Sales KPIs <kpis@example.com>"',
        )
    rules = MailRules(
        host=host,
        port=table.number("port", PORTS[security], 1, 65_535),
        security=security,
        sender=sender,
        user=table.text("user", ""),
        password_file=optional_file(table, "password_file"),
        ca_file=optional_file(table, "ca_file"),
    )
    if bool(rules.user) != (rules.password_file is not None):
        table.reject("user", "and password_file belong together", "write both or neither")
    table.finish()
    return rules


def optional_file(table: Table, key: str) -> Path | None:
    """Read the path of a file, or None without the key."""
    return Path(table.text(key)) if table.has(key) else None


def is_address(text: str) -> bool:
    """Whether a text can be the address of a mailbox."""
    if not ADDRESS.fullmatch(text):
        return False
    try:
        Address(addr_spec=text)
    except (ValueError, IndexError):
        return False
    return True


def address(table: Table, key: str) -> str:
    """Read the address of a mailbox."""
    text = table.text(key)
    if not is_address(text):
        table.reject(key, f'is "{text[:80]}"', 'write an address, such as "ann@example.com"')
    return text
