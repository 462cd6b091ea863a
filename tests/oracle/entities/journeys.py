"""What is true of one subject: its lead, its human touches and its deals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.entities.facts import Definitions, Dimensions
from tests.oracle.history.events import (
    Event,
    last_run,
    latest,
    latest_by,
)


@dataclass(frozen=True)
class Lead:
    """A lead as it stands; `created` is when its first `lead.created` happened.

    `namings` are the events that gave it to a rep.
    """

    created: int
    namings: Sequence[Event]
    rep: str | None
    channel: str | None
    media: str | None
    campaign: str | None
    partner: str | None
    product: str | None

    @property
    def dimensions(self) -> Dimensions:
        """The dimensions of whatever counts for the lead and its assigned rep."""
        return {
            "rep": self.rep,
            "channel": self.channel,
            "media": self.media,
            "campaign": self.campaign,
            "partner": self.partner,
            "product": self.product,
        }

    def dimensions_at(self, instant: int, definitions: Definitions) -> Dimensions:
        """Give the dimensions of a fact at an instant: for the rep of now, or of then."""
        if definitions.owner == "now":
            return self.dimensions
        return {**self.dimensions, "rep": self.rep_at(instant) or self.rep}

    def rep_at(self, instant: int) -> str | None:
        """Name the rep who had the lead at an instant; None where nobody had by then."""
        return latest_by(self.namings, "rep", instant)


@dataclass(frozen=True)
class Deal:
    """A deal as it stands.

    `closed` is when it was won or lost, None while it is open; `entries` are the changes with
    which it first entered each of its stages.
    """

    created: int
    status: str
    closed: int | None
    changes: Sequence[Event]
    entries: Mapping[str, Event]
    amount: str | None
    currency: str | None
    probability: str | None
    expected_close: str | None
    reason: str | None
    lead: Lead | None
    dimensions: Dimensions

    def dimensions_at(self, instant: int, definitions: Definitions) -> Dimensions:
        """Give the dimensions of a fact at an instant: for the rep of now, or of then."""
        if definitions.owner == "now":
            return self.dimensions
        rep = latest_by(self.changes, "rep", instant)
        leads_rep = self.lead.rep_at(instant) if self.lead else None
        return {**self.dimensions, "rep": rep or leads_rep or self.dimensions["rep"]}

    @property
    def namings(self) -> Sequence[Event]:
        """The events that gave it to a rep, or its lead."""
        own = [change for change in self.changes if change.text("rep")]
        return [*own, *(self.lead.namings if self.lead else [])]

    @property
    def stage(self) -> str | None:
        """The stage it is in; None where none was ever named."""
        return self.dimensions["stage"]

    @property
    def won(self) -> int | None:
        """When the deal was won; None unless it is won now."""
        return self.closed if self.status == "won" else None

    @property
    def lost(self) -> int | None:
        """When the deal was lost; None unless it is lost now."""
        return self.closed if self.status == "lost" else None


@dataclass(frozen=True)
class Journey:
    """One subject: its events in the order of its history, and what they amount to."""

    events: Sequence[Event]
    lead: Lead | None
    touches: Sequence[Event]
    deals: Sequence[Deal]

    def of_type(self, kind: str) -> list[Event]:
        """Pick the events of one type."""
        return [event for event in self.events if event.type == kind]


def journey(events: Sequence[Event], definitions: Definitions) -> Journey:
    """Read one subject's events, which are in the order of its history."""
    lead = lead_of(events)
    names = {event.fields["deal"] for event in events if event.type.startswith("deal.")}
    deals = [deal_of(name, events, lead, definitions) for name in sorted(names)]
    return Journey(
        events,
        lead,
        [event for event in events if is_human_touch(event)],
        [deal for deal in deals if deal is not None],
    )


def is_human_touch(event: Event) -> bool:
    """Tell whether a person called or wrote to the subject."""
    if event.fields.get("automated"):
        return False
    return event.type == "email.sent" or is_outbound(event)


def is_outbound(event: Event) -> bool:
    """Tell whether the event is a call made, by a person or a machine."""
    return event.type == "call.ended" and event.fields["direction"] == "outbound"


def lead_of(events: Sequence[Event]) -> Lead | None:
    """Read the lead; None for a subject that was never created as one."""
    created = [event for event in events if event.type == "lead.created"]
    if not created:
        return None
    came = [event for event in events if event.type in ("lead.created", "lead.assigned")]
    naming = [event for event in came if event.text("rep")]
    return Lead(
        created=min(event.at for event in created),
        namings=naming,
        rep=latest(naming, "rep"),
        channel=latest(created, "channel"),
        media=latest(created, "media"),
        campaign=latest(created, "campaign"),
        partner=latest(created, "partner"),
        product=latest(created, "product"),
    )


def deal_of(
    name: str, events: Sequence[Event], lead: Lead | None, definitions: Definitions
) -> Deal | None:
    """Read one deal; None where nothing was ever said of it, or it is deleted."""
    history = [event for event in events if event.fields.get("deal") == name]
    changes = [event for event in history if event.type == "deal.changed"]
    if not changes:
        return None
    last_change = max(event.at for event in changes)
    if any(event.type == "deal.deleted" and event.at >= last_change for event in history):
        return None
    status, closed = current_status(changes, definitions)
    from_lead = lead.dimensions if lead else {}
    own: dict[str, str | None] = {}
    for dimension in ("rep", "channel", "partner", "product"):
        value = latest(changes, dimension)
        own[dimension] = value or from_lead.get(dimension)
    return Deal(
        created=min(event.at for event in changes),
        status=status,
        closed=closed,
        changes=changes,
        entries=entries_of(changes),
        amount=latest(changes, "amount"),
        currency=latest(changes, "currency"),
        probability=latest(changes, "probability"),
        expected_close=latest(changes, "expected_close"),
        reason=latest(changes, "reason"),
        lead=lead,
        dimensions={
            **own,
            "media": from_lead.get("media"),
            "campaign": from_lead.get("campaign"),
            "stage": latest(changes, "stage"),
        },
    )


def current_status(changes: Sequence[Event], definitions: Definitions) -> tuple[str, int | None]:
    """Give the deal's status and, unless it is open, the start of the last run of that status.

    Where the first win counts, a deal that is won now was won when it first was.
    """
    since = last_run(changes, "status")
    if since is None or since.fields["status"] == "open":
        return "open", None
    status: str = since.fields["status"]
    if status == "won" and definitions.win == "first":
        return status, min(event.at for event in changes if event.text("status") == "won")
    return status, since.at


def entries_of(changes: Sequence[Event]) -> dict[str, Event]:
    """Give the first change that names each stage, in the order of the deal's history."""
    entered: dict[str, Event] = {}
    for change in sorted(changes, key=lambda event: event.order):
        stage = change.text("stage")
        if stage is not None:
            entered.setdefault(stage, change)
    return entered
