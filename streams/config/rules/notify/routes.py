"""The tables `[[notify.route]]`: which alerts go to which receiver, and when."""

from dataclasses import dataclass
from pathlib import Path

from streams.alerts import KINDS
from streams.config.rules.business import DAYS
from streams.config.rules.notify.mail import is_address
from streams.config.rules.notify.places import url_complaint
from streams.config.rules.notify.quiet import QuietHours
from streams.config.rules.notify.quiet import parse as parse_quiet
from streams.config.rules.table import Table
from streams.events.labels import label_of

__all__ = ["DAYS", "DIGEST_MS", "Email", "QuietHours", "Receiver", "Route", "Slack", "Webhook"]

# After a message the next one waits at least so long, and then has all that came meanwhile.
DIGEST_MS = 60_000
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Alerts that one receiver gets.

    Attributes:
        name: Under which is kept what the receiver was sent: another name begins anew.
        kinds: Kinds of alerts; empty: all.
        reps: Whose alerts, beside those of `teams`; both empty: everybody's, and those of no rep.
        teams: Teams whose alerts are sent.
        digest_ms: The shortest time between two messages.
        quiet: When nothing is sent; None: never.
    """

    name: str
    receiver: Receiver
    kinds: tuple[str, ...] = ()
    reps: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    digest_ms: int = DIGEST_MS
    quiet: QuietHours | None = None


def parse(table: Table) -> Route:
    """Read one table. Raises BadSetting for an invalid rule."""
    name = table.text("name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        table.reject("name", "is too long", f"give it a name of at most {LONGEST_NAME} signs")
    route = Route(
        name=name,
        receiver=_receiver(table),
        kinds=table.options("kinds", (), among=KINDS),
        reps=tuple(map(label_of, table.options("reps", ()))),
        teams=tuple(map(label_of, table.options("teams", ()))),
        digest_ms=table.duration("digest", DIGEST_MS),
        quiet=parse_quiet(table.table("quiet")) if table.has("quiet") else None,
    )
    table.finish()
    for key in ("kinds", "reps", "teams"):
        if table.has(key) and not getattr(route, key):
            table.reject(key, "is empty", "name at least one, or leave the key out for all")
    return route


def _receiver(table: Table) -> Receiver:
    """Read the one receiver of a route."""
    given = [key for key in ("slack_url_file", "email", "url") if table.has(key)]
    if len(given) != 1:
        wrong = "has no receiver" if not given else f"stands beside {given[0]}"
        key = "name" if not given else given[1]
        table.reject(key, wrong, "a route has one of slack_url_file, email, url")
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
