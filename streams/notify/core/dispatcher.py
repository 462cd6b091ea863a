"""The dispatcher: all current alerts, and an outbox of each recipient."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.routes import Route
from streams.engine.catalogue.patched_records import RepRecords
from streams.events import RepSet
from streams.notify.core.alert import Alert, decode
from streams.notify.core.message import Message, Recipient
from streams.notify.core.outbox import Outbox, QuietUntil
from streams.notify.core.quiet import quiet_until
from streams.notify.core.routing import is_known, recipients, without_address


class Dispatcher:
    """Decides what all recipients are sent next, from alerts, reps and what was sent.

    Instants are in milliseconds. First the state is restored into the outboxes, then all alerts
    and reps that there are come in, then `begin` is called.
    """

    def __init__(self, rules: NotifyRules, zone: str) -> None:
        """`zone` is the reporting zone, for whom no other zone is known."""
        self._rules = rules
        self._routes = {route.name: route for route in rules.routes}
        self._zone = zone
        self._zones: dict[str, ZoneInfo] = {}
        self._reps = RepRecords()
        self._alerts: dict[str, Alert] = {}
        self._keys_of_rep: dict[str, dict[str, None]] = {}
        self._recipients: dict[str, tuple[Recipient, ...]] = {}
        self._outboxes: dict[Recipient, Outbox] = {}
        self._without_address: dict[str, Collection[tuple[str, str]]] = {}
        self._has_begun = False

    @property
    def outboxes(self) -> Mapping[Recipient, Outbox]:
        """The outbox of every recipient that has, or had, an alert."""
        return MappingProxyType(self._outboxes)

    def knows(self, recipient: Recipient) -> bool:
        """Whether the rules still have a recipient."""
        return is_known(self._rules, recipient)

    def without_address(self) -> set[tuple[str, str]]:
        """Return route and rep of alerts that a route has for a rep whose address is unknown."""
        return {each for found in self._without_address.values() for each in found}

    def outbox(self, recipient: Recipient) -> Outbox:
        """Return a recipient's outbox, a new one if there is none."""
        found = self._outboxes.get(recipient)
        if found is None:
            route, holds = self._routes[recipient.route], self._alerts.__contains__
            found = Outbox(recipient, route.digest_ms, holds, route.language)
            self._outboxes[recipient] = found
            if self._has_begun:
                found.begin(0)
        return found

    def begin(self, at: int) -> None:
        """Begin to compose messages: all alerts and reps that there are have come in."""
        self._has_begun = True
        for outbox in self._outboxes.values():
            outbox.begin(at)

    def update_alert(self, key: str, record: bytes | None, at: int) -> None:
        """Replace an alert; None removes it. Raises msgspec.DecodeError for what is no alert."""
        alert = None if record is None else decode(record)
        old = self._alerts.pop(key, None)
        if old is not None and old.rep is not None:
            self._keys_of_rep[old.rep].pop(key, None)
        if alert is not None:
            self._alerts[key] = alert
            if alert.rep is not None:
                self._keys_of_rep.setdefault(alert.rep, {})[key] = None
        self._route(key, at)

    def update_rep(self, record: RepSet, at: int) -> None:
        """Apply a record of a rep, in any order; the rep's alerts go where they belong now."""
        if self._reps.apply(record):
            for key in list(self._keys_of_rep.get(record.rep, ())):
                self._route(key, at)

    def compose(self, at: int) -> Iterator[tuple[Outbox, Message]]:
        """Put the messages that are due on their way, and yield each with its outbox."""
        quiet = _QuietAt(self, at)
        for recipient, outbox in self._outboxes.items():
            message = outbox.compose(at, quiet.of(self._routes[recipient.route]))
            if message is not None:
                yield outbox, message

    def next_due(self, at: int) -> int | None:
        """Return when the next message is to be composed, as far as is known now."""
        quiet = _QuietAt(self, at)
        due = (
            outbox.due_at(quiet.of(self._routes[recipient.route]))
            for recipient, outbox in self._outboxes.items()
            if outbox.message is None
        )
        return min((each for each in due if each is not None), default=None)

    def zone_of(self, rep: str | None, route: Route) -> ZoneInfo:
        """Return the zone of a rep's clock: the rep's own, the route's, or the reporting zone."""
        record = None if rep is None else self._reps.get(rep)
        own = record.timezone if record is not None else None
        name = own or (route.quiet.zone if route.quiet else "") or self._zone
        if name not in self._zones:
            self._zones[name] = ZoneInfo(name)
        return self._zones[name]

    def _route(self, key: str, at: int) -> None:
        alert = self._alerts.get(key)
        now: tuple[Recipient, ...] = ()
        self._without_address.pop(key, None)
        if alert is not None:
            now = tuple(recipients(self._rules, alert, self._team_of))
            if unknown := without_address(self._rules, alert, self._team_of):
                self._without_address[key] = unknown
        for recipient in self._recipients.pop(key, ()):
            if recipient not in now:
                self.outbox(recipient).update(key, None, at)
        for recipient in now:
            self.outbox(recipient).update(key, alert, at)
        if now:
            self._recipients[key] = now

    def _team_of(self, rep: str) -> str | None:
        record = self._reps.get(rep)
        return None if record is None else record.team


class _QuietAt:
    """The quiet hours of routes at one instant; each zone is looked at once."""

    def __init__(self, dispatcher: Dispatcher, at: int) -> None:
        self._dispatcher, self._at = dispatcher, at
        self._known: dict[tuple[str, str], int | None] = {}

    def of(self, route: Route) -> QuietUntil:
        """Return until when it is quiet for a rep; None where it is not quiet."""
        hours = route.quiet
        if hours is None:
            return lambda _: None

        def until(rep: str | None) -> int | None:
            zone = self._dispatcher.zone_of(rep, route)
            place = route.name, zone.key
            if place not in self._known:
                self._known[place] = quiet_until(hours, zone, self._at)
            return self._known[place]

        return until
