"""What is true of one subject: its lead, its human touches and its deals."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.oracle.entities.deal import Deal, deal_of
from tests.oracle.entities.facts import Definitions, Dimensions, Standing
from tests.oracle.entities.owners import Owners, handed_on
from tests.oracle.history.events import Event, latest

FROM_LEAD = ("channel", "media", "campaign", "partner", "product")


@dataclass(frozen=True)
class Lead:
    """A lead; `created` is when its first `lead.created` happened."""

    created: int
    owners: Owners
    qualities: Dimensions

    def dimensions_at(self, instant: int, definitions: Definitions) -> Dimensions:
        """The dimensions of a fact at an instant: for the rep of now, or of then."""
        return {**self.qualities, "rep": self.owners.rep(instant, definitions)}

    def standings(
        self, start: int, end: int | None, definitions: Definitions
    ) -> Sequence[Standing]:
        """What the lead adds to a level that counts it, for whoever has it."""
        whole = Standing(start, end, self.qualities, {"level": 1})
        return handed_on([whole], self.owners, definitions)


@dataclass(frozen=True)
class Journey:
    """One subject: its events in the order of its history, and what they amount to.

    `lead` is None for a subject that was never created as one; `owners` are its reps even so.
    """

    events: Sequence[Event]
    lead: Lead | None
    owners: Owners
    qualities: Dimensions
    touches: Sequence[Event]
    deals: Sequence[Deal]

    def of_type(self, kind: str) -> list[Event]:
        """The events of one type."""
        return [event for event in self.events if event.type == kind]


def journey(events: Sequence[Event], definitions: Definitions) -> Journey:
    """One subject's journey, from its events in order."""
    created = [event for event in events if event.type == "lead.created"]
    naming = [event for event in events if event.type in ("lead.created", "lead.assigned")]
    owners = Owners([], naming)
    qualities = {field: latest(created, field) for field in FROM_LEAD}
    names = {event.fields["deal"] for event in events if event.type.startswith("deal.")}
    deals = [deal_of(name, events, owners, qualities, definitions) for name in sorted(names)]
    return Journey(
        events,
        Lead(created[0].at, owners, qualities) if created else None,
        owners,
        qualities,
        [event for event in events if is_human_touch(event)],
        [deal for deal in deals if deal is not None],
    )


def is_human_touch(event: Event) -> bool:
    """Whether a person called or wrote to the subject."""
    if event.fields.get("automated"):
        return False
    return event.type == "email.sent" or is_outbound(event)


def is_outbound(event: Event) -> bool:
    """Whether the event is a call made, by a person or a machine."""
    return event.type == "call.ended" and event.fields["direction"] == "outbound"
