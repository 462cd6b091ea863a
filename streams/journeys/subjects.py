"""A subject of the lead side: a lead, a deal without one, or a rep's efforts without either."""

from collections.abc import Iterator, Sequence

from streams.engine.aggregate.attribution import attribution
from streams.engine.aggregate.entry import Entry, latest
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import (
    NOWHERE,
    Dimensions,
    dimensions,
)
from streams.events import (
    ActivityLogged,
    CallEnded,
    DealChanged,
    DealDeleted,
    EmailClicked,
    EmailSent,
    LeadAssigned,
    LeadCreated,
    LeadDisqualified,
    LeadHandedOver,
    LeadQualified,
    QuoteOrdered,
    QuoteRejected,
    QuoteSent,
)
from streams.journeys.activities import (
    Activity,
    Call,
    Email,
    activity,
)
from streams.journeys.deals import (
    Deal,
    Origin,
    current_changes,
)
from streams.journeys.leads import Lead, Touch
from streams.journeys.own_values import latest_custom, own_values
from streams.journeys.quotes import quote

QUOTE_EVENTS = {QuoteSent, QuoteOrdered, QuoteRejected}


class Journey:
    """The entities of one subject, from its entries by (at, id), at least one.

    `is_without_lead` marks a rep's efforts for no lead.
    """

    dimensions: Dimensions = NOWHERE

    def __init__(
        self, entries: Sequence[Entry], context: EvaluationContext, is_without_lead: bool = False
    ) -> None:
        self.is_without_lead = is_without_lead
        self.calls: list[Call] = []
        self.activities: list[Activity] = []
        self.touches: list[Touch] = []
        self._sent: dict[str, tuple[int, EmailSent]] = {}
        self._clicks: dict[str, list[int]] = {}
        self._deals: dict[str, list[Entry]] = {}
        self._quotes: dict[str, list[Entry]] = {}
        self._lead: list[Entry] = []
        self._context = context
        self._is_by_event = context.definitions.choices.owner == "event"
        for entry in entries:
            self._sort(entry)
        self.had_cold_call = any(call.is_cold and call.is_outbound for call in self.calls)
        creations = [entry for entry in self._lead if type(entry.event) is LeadCreated]
        created = creations[0].at if creations else None
        # The subject's rep from each instant on, "" where it was given back.
        self._lead_reps = self._assigned()
        self._custom = latest_custom(creations) if context.definitions.own_dimensions else {}
        lead = self._lead_dimensions(creations)
        origin = Origin(
            created,
            lead,
            self.touches,
            self.had_cold_call,
            entries,
            next((done.at for done in self.activities if done.kind == "collateral"), None),
            self._lead_reps,
            self._custom,
        )
        self.deals = [
            Deal(changes, origin, context)
            for own in self._deals.values()
            if (changes := current_changes(own))
        ]
        reps = origin.reps if self._is_by_event else None
        self.quotes = [quote(own, lead, reps) for own in self._quotes.values()]
        self.emails = list(self._read_emails())
        self.lead = None if created is None else self._read_lead(created, lead)

    @property
    def advances(self) -> list[int]:
        """When one of its deals entered a later stage or was won, earliest first."""
        return sorted(at for deal in self.deals for at in deal.advances)

    def _sort(self, entry: Entry) -> None:
        at, _, event = entry
        kind = type(event)
        if kind is CallEnded:
            self._call(at, event)  # type: ignore[arg-type]  # kind says so, faster than isinstance
        elif kind is EmailSent:
            self._email(at, event)  # type: ignore[arg-type]  # likewise
        elif kind is EmailClicked:
            self._clicks.setdefault(event.email, []).append(at)  # type: ignore[attr-defined]  # likewise
        elif kind is DealChanged or kind is DealDeleted:
            self._deals.setdefault(event.deal, []).append(entry)  # type: ignore[attr-defined]  # likewise
        elif kind is ActivityLogged:
            self.activities.append(activity(at, event))  # type: ignore[arg-type]  # likewise
        elif kind in QUOTE_EVENTS:
            self._quotes.setdefault(event.quote, []).append(entry)  # type: ignore[attr-defined]  # likewise
        else:
            self._lead.append(entry)

    def _call(self, at: int, event: CallEnded) -> None:
        is_outbound = event.direction == "outbound"
        self.calls.append(
            Call(
                at,
                is_outbound,
                event.outcome == "connected",
                bool(event.cold),
                dimensions(event.rep),
            )
        )
        if is_outbound and not event.automated:
            self.touches.append(Touch(at, event.rep))

    def _email(self, at: int, event: EmailSent) -> None:
        self._sent[event.email] = (at, event)
        if not event.automated:
            self.touches.append(Touch(at, event.rep))

    def _read_emails(self) -> Iterator[Email]:
        for name, (at, event) in self._sent.items():
            yield Email(
                at,
                event.links,
                bool(event.automated),
                tuple(self._clicks.get(name, ())),
                dimensions(event.rep),
            )

    def _lead_dimensions(self, creations: Sequence[Entry]) -> Dimensions:
        if not self._lead:
            return NOWHERE
        reps = self._lead_reps
        return dimensions(
            reps[max(reps)] if reps else "",
            latest(creations, "channel"),
            latest(creations, "media"),
            latest(creations, "campaign"),
            latest(creations, "partner"),
            latest(creations, "product"),
            own=own_values(self._context.definitions, {"lead": self._custom}),
        )

    def _assigned(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for entry in self._lead:
            event = entry.event
            if isinstance(event, LeadAssigned) or (isinstance(event, LeadCreated) and event.rep):
                found[entry.at] = event.rep or ""
        return found

    def _first(self, kind: type) -> int | None:
        return next((e.at for e in self._lead if type(e.event) is kind), None)

    def _read_lead(self, created: int, dimensions: Dimensions) -> Lead:
        return Lead(
            created,
            self.touches,
            next((touch for touch in self.touches if touch.at >= created), None),
            self._first(LeadQualified),
            self._first(LeadDisqualified),
            self._first(LeadHandedOver) is not None,
            any(deal.won is not None for deal in self.deals),
            dimensions,
            attribution(self._lead_reps, dimensions) if self._is_by_event else (),
            self._context,
        )
