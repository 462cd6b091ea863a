"""Receivers, as routes and reports have them, and their names."""

from dataclasses import dataclass
from pathlib import Path

from streams.config.rules.notify.mail import is_address
from streams.config.rules.notify.places import url_complaint
from streams.config.rules.table import Table

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack-compatible webhook; whoever knows its address may post, so a file has it."""

    url_file: Path


@dataclass(frozen=True, slots=True)
class Email:
    """Addresses; none of them: each rep gets the rep's own alerts, by `[notify.addresses]`."""

    to: tuple[str, ...]

    @property
    def is_to_reps(self) -> bool:
        """Whether each rep gets the rep's own alerts."""
        return not self.to


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook signed by Standard Webhooks with the secrets in a file."""

    url: str
    secret_file: Path


Receiver = Slack | Email | Webhook


def named(table: Table) -> str:
    """Read the name under which is kept what a receiver was sent."""
    name = table.text("name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        table.reject("name", "is too long", f"give it a name of at most {LONGEST_NAME} signs")
    return name


def parse(table: Table, what: str) -> Receiver:
    """Read the one receiver of a table; `what` is the kind of table, such as `route`."""
    given = [key for key in ("slack_url_file", "email", "url") if table.has(key)]
    if len(given) != 1:
        wrong = "has no receiver" if not given else f"stands beside {given[0]}"
        key = "name" if not given else given[1]
        table.reject(key, wrong, f"a {what} has one of slack_url_file, email, url")
    if given == ["slack_url_file"]:
        return Slack(Path(table.text("slack_url_file")))
    if given == ["email"]:
        return _email(table)
    url = table.text("url")
    if complaint := url_complaint(url):
        table.reject("url", complaint, 'write it like "https://hooks.example.com/alerts"')
    return Webhook(url, Path(table.text("secret_file")))


def _email(table: Table) -> Email:
    """Read `email = "rep"` or a list of addresses."""
    if table.raw("email") == "rep":
        return Email(())
    found = table.options("email")
    if not found:
        table.reject("email", "is empty", 'write addresses, or "rep" for each rep\'s own')
    for number, each in enumerate(found):
        if not is_address(each):
            do = 'write an address, such as "ann@example.com"'
            table.reject("email", f'has "{each[:80]}"', do, number)
    return Email(found)
