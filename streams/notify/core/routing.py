"""Routing: which recipients an alert is for, by its kind, its rep and the rep's team."""

from collections.abc import Callable, Collection, Iterator

from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.routes import Email, Route
from streams.notify.core.alert import Alert
from streams.notify.core.message import Recipient

TeamOf = Callable[[str], str | None]


def recipients(rules: NotifyRules, alert: Alert, team_of: TeamOf) -> Iterator[Recipient]:
    """Yield the recipients of an alert, each once, in the order of the routes."""
    for route in rules.routes:
        if not is_for(route, alert, team_of):
            continue
        receiver = route.receiver
        if not isinstance(receiver, Email):
            yield Recipient(route.name)
        elif not receiver.is_to_reps:
            # An address that a mail server defers must not be missed because others are accepted.
            yield from (Recipient(route.name, address) for address in receiver.to)
        elif alert.rep is not None and alert.rep in rules.addresses:
            yield Recipient(route.name, alert.rep)


def is_known(rules: NotifyRules, recipient: Recipient) -> bool:
    """Whether the rules still have a recipient."""
    route = rules.route(recipient.route)
    if route is None or not isinstance(route.receiver, Email):
        return route is not None and not recipient.whom
    return recipient.whom in (route.receiver.to or rules.addresses)


def is_for(route: Route, alert: Alert, team_of: TeamOf) -> bool:
    """Whether a route has an alert's kind, and its rep or team."""
    if route.kinds and alert.kind not in route.kinds:
        return False
    if not (route.reps or route.teams):
        return True
    if alert.rep is not None:
        return alert.rep in route.reps or _is_among(team_of(alert.rep), route.teams)
    return _is_among(alert.scope.get("team"), route.teams)


def without_address(
    rules: NotifyRules, alert: Alert, team_of: TeamOf
) -> Collection[tuple[str, str]]:
    """Return the routes that would send an alert to its rep and know no address: route and rep."""
    return [
        (route.name, alert.rep)
        for route in rules.routes
        if isinstance(route.receiver, Email)
        and route.receiver.is_to_reps
        and alert.rep is not None
        and alert.rep not in rules.addresses
        and is_for(route, alert, team_of)
    ]


def _is_among(team: str | None, teams: Collection[str]) -> bool:
    return team is not None and team in teams
