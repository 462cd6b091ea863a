"""The table `[notify]`: who gets which alerts and reports, how, and when not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.config.rules.notify import mail, reports, routes
from streams.config.rules.notify.mail import MailRules
from streams.config.rules.notify.reports import PublishedKpis, Report
from streams.config.rules.notify.routes import Email, Receiver, Route
from streams.config.rules.table import Table
from streams.events.labels import label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyRules:
    """Routes and reports in the order of the file, the mail server, and each rep's address.

    No two of the routes and reports have one name.
    """

    routes: tuple[Route, ...] = ()
    reports: tuple[Report, ...] = ()
    mail: MailRules | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    def route(self, name: str) -> Route | None:
        """Find a route by its name."""
        return next((route for route in self.routes if route.name == name), None)

    def receiver_of(self, name: str) -> Receiver | None:
        """Find the receiver of a route or a report by its name."""
        return next((each.receiver for each in self.all if each.name == name), None)

    @property
    def all(self) -> tuple[Route | Report, ...]:
        """All that have a receiver, routes first."""
        return (*self.routes, *self.reports)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all routes and reports."""
        return tuple(each.name for each in self.all)


def parse(table: Table, known: PublishedKpis) -> NotifyRules:
    """Read the table. Raises BadSetting for an invalid rule; secrets are not read here.

    `known` are the KPIs that reports may name.
    """
    own = table.table("addresses")
    addresses = {label_of(rep): mail.address(own, rep) for rep in own.names()}
    own.finish()
    server = mail.parse(table.table("mail")) if table.has("mail") else None
    names: set[str] = set()
    found: list[Route] = []
    for inner in table.tables("route"):
        found.append(routes.parse(inner))
        _check(inner, found[-1], names, server, addresses)
    reported: list[Report] = []
    for inner in table.tables("report"):
        reported.append(reports.parse(inner, known))
        _check(inner, reported[-1], names, server, addresses)
    table.finish()
    return NotifyRules(
        routes=tuple(found), reports=tuple(reported), mail=server, addresses=addresses
    )


def _check(
    table: Table,
    one: Route | Report,
    names: set[str],
    server: MailRules | None,
    addresses: Mapping[str, str],
) -> None:
    """Reject a name that is used, and add this one; reject mail that cannot be sent."""
    if one.name in names:
        table.reject("name", f'is "{one.name}" twice', "give each route and report its own name")
    if isinstance(one.receiver, Email):
        if server is None:
            table.reject("email", "has no mail server", "write [notify.mail] and its host")
        if one.receiver.is_to_reps and not addresses:
            table.reject("email", 'is "rep"', "write [notify.addresses] with one for each rep")
    names.add(one.name)
