"""The table `[notify]`: who gets which alerts, how, and when not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.config.rules.notify import mail, routes
from streams.config.rules.notify.mail import MailRules
from streams.config.rules.notify.routes import Email, Route
from streams.config.rules.table import Table
from streams.events.labels import label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyRules:
    """The routes in the order of the file, the mail server, and the address of each rep."""

    routes: tuple[Route, ...] = ()
    mail: MailRules | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    def route(self, name: str) -> Route | None:
        """Find a route by its name."""
        return next((route for route in self.routes if route.name == name), None)


def parse(table: Table) -> NotifyRules:
    """Read the table. Raises BadSetting for an invalid rule; secrets are not read here."""
    found: dict[str, Route] = {}
    own = table.table("addresses")
    addresses = {label_of(rep): mail.address(own, rep) for rep in own.names()}
    own.finish()
    server = mail.parse(table.table("mail")) if table.has("mail") else None
    for inner in table.tables("route"):
        route = routes.parse(inner)
        if route.name in found:
            inner.reject("name", f'is "{route.name}" twice', "give each route a name of its own")
        if isinstance(route.receiver, Email):
            if server is None:
                inner.reject("email", "has no mail server", "write [notify.mail] and its host")
            if route.receiver.is_to_reps and not addresses:
                inner.reject("email", 'is "rep"', "write [notify.addresses] with one for each rep")
        found[route.name] = route
    table.finish()
    return NotifyRules(routes=tuple(found.values()), mail=server, addresses=addresses)
