"""The tables `[[notify.route]]`: which alerts go to which receiver, and when."""

from dataclasses import dataclass

from streams.alerts import KINDS
from streams.config.rules.business import DAYS
from streams.config.rules.notify import receivers
from streams.config.rules.notify.quiet import QuietHours
from streams.config.rules.notify.quiet import parse as parse_quiet
from streams.config.rules.notify.receivers import Email, Receiver, Slack, Webhook
from streams.config.rules.table import Table
from streams.events.labels import label_of
from streams.languages import LANGUAGES

__all__ = ["DAYS", "DIGEST_MS", "Email", "QuietHours", "Receiver", "Route", "Slack", "Webhook"]

# After a message the next one waits at least so long, and then has all that came meanwhile.
DIGEST_MS = 60_000


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
        language: The code of the language that alerts are told in.
    """

    name: str
    receiver: Receiver
    kinds: tuple[str, ...] = ()
    reps: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    digest_ms: int = DIGEST_MS
    quiet: QuietHours | None = None
    language: str = LANGUAGES[0]


def parse(table: Table) -> Route:
    """Read one table. Raises BadSetting for an invalid rule."""
    route = Route(
        name=receivers.named(table),
        receiver=receivers.parse(table, "route"),
        kinds=table.options("kinds", (), among=KINDS),
        reps=tuple(map(label_of, table.options("reps", ()))),
        teams=tuple(map(label_of, table.options("teams", ()))),
        digest_ms=table.duration("digest", DIGEST_MS),
        quiet=parse_quiet(table.table("quiet")) if table.has("quiet") else None,
        language=table.choice("language", LANGUAGES, LANGUAGES[0]),
    )
    table.finish()
    for key in ("kinds", "reps", "teams"):
        if table.has(key) and not getattr(route, key):
            table.reject(key, "is empty", "name at least one, or leave the key out for all")
    return route
