"""Every event and reference record, one type each; `type` on the wire picks it."""

from datetime import date
from typing import ClassVar, Literal

from msgspec import Struct

from streams.events.fields import (
    Amount,
    Currency,
    Instant,
    Media,
    Name,
    Natural,
    Potential,
    Probability,
    Rate,
    Scope,
    SubjectTopic,
    Text,
    WindowKind,
)


class Common(Struct, frozen=True, kw_only=True, gc=False, tag_field="type", omit_defaults=True):
    """What every event and reference record carries; `at` is the time in the CRM."""

    topic: ClassVar[str]
    id: Name
    at: Instant
    source: Text | None = None


class Event(Common, frozen=True, kw_only=True, gc=False):
    """A fact about one subject; the same `id` again is the same fact again."""

    subject: Name

    @property
    def key(self) -> str:
        """The key of its Kafka record."""
        return self.subject


class LeadEvent(Event, frozen=True, kw_only=True, gc=False):
    """On the lead itself."""

    topic = "crm.lead"


class LeadCreated(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.created"):
    """A lead came in."""

    rep: Text | None = None
    channel: Text | None = None
    media: Media | None = None
    campaign: Text | None = None
    partner: Text | None = None
    product: Text | None = None


class LeadAssigned(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.assigned"):
    """A lead was given to a rep."""

    rep: Text


class LeadQualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.qualified"):
    """A lead was found worth selling to."""

    rep: Text | None = None
    reason: Text | None = None


class LeadHandedOver(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.handed_over"):
    """A qualified lead went from marketing to sales."""

    rep: Text | None = None
    reason: Text | None = None


class LeadDisqualified(LeadEvent, frozen=True, kw_only=True, gc=False, tag="lead.disqualified"):
    """A lead was given up."""

    rep: Text | None = None
    reason: Text | None = None


class CallEnded(Event, frozen=True, kw_only=True, gc=False, tag="call.ended"):
    """A telephone call; subject `rep:<rep>` when no lead is known."""

    topic = "crm.call"
    rep: Text
    direction: Literal["outbound", "inbound"]
    outcome: Literal["connected", "no_answer", "voicemail", "busy"]
    seconds: Natural | None = None
    cold: bool | None = None
    automated: bool | None = None


class EmailSent(Event, frozen=True, kw_only=True, gc=False, tag="email.sent"):
    """An email left; `links` is how many it holds."""

    topic = "crm.email"
    rep: Text
    email: Name
    links: Natural
    automated: bool | None = None


class EmailClicked(Event, frozen=True, kw_only=True, gc=False, tag="email.clicked"):
    """A link in an email was followed."""

    topic = "crm.email"
    email: Name


class EmailReplied(Event, frozen=True, kw_only=True, gc=False, tag="email.replied"):
    """An email was answered."""

    topic = "crm.email"
    email: Name


class DealChanged(Event, frozen=True, kw_only=True, gc=False, tag="deal.changed"):
    """A patch: the fields named here have these values from `at` on."""

    topic = "crm.deal"
    deal: Name
    stage: Text | None = None
    status: Literal["open", "won", "lost"] | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    probability: Probability | None = None
    expected_close: date | None = None
    rep: Text | None = None
    account: Text | None = None
    product: Text | None = None
    channel: Text | None = None
    partner: Text | None = None
    reason: Text | None = None


class DealDeleted(Event, frozen=True, kw_only=True, gc=False, tag="deal.deleted"):
    """A deal was deleted; a later `deal.changed` brings it back."""

    topic = "crm.deal"
    deal: Name


class ActivityLogged(Event, frozen=True, kw_only=True, gc=False, tag="activity.logged"):
    """Work other than calls and emails."""

    topic = "crm.activity"
    rep: Text
    kind: Literal["meeting", "presentation", "social", "collateral", "prospecting"]
    channel: Text | None = None
    asset: Text | None = None
    hours: Amount | None = None
    outreach: Natural | None = None
    responses: Natural | None = None


class QuoteSent(Event, frozen=True, kw_only=True, gc=False, tag="quote.sent"):
    """A quote went out."""

    topic = "crm.quote"
    quote: Name
    rep: Text | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    reason: Text | None = None
    unmet_demand: Text | None = None
    order: Text | None = None


class QuoteOrdered(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.ordered"):
    """A quote became an order."""


class QuoteRejected(QuoteSent, frozen=True, kw_only=True, gc=False, tag="quote.rejected"):
    """A quote was turned down."""


class OrderPlaced(Event, frozen=True, kw_only=True, gc=False, tag="order.placed"):
    """An account ordered."""

    topic = "crm.order"
    order: Name
    amount: Amount
    currency: Currency
    rep: Text | None = None
    product: Text | None = None
    promised: date | None = None


class OrderDelivered(Event, frozen=True, kw_only=True, gc=False, tag="order.delivered"):
    """An order arrived."""

    topic = "crm.order"
    order: Name


class OrderCancelled(Event, frozen=True, kw_only=True, gc=False, tag="order.cancelled"):
    """An order was called off."""

    topic = "crm.order"
    order: Name


class InvoiceIssued(Event, frozen=True, kw_only=True, gc=False, tag="invoice.issued"):
    """An invoice went out, due at the end of the day `due`."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency
    due: date
    rep: Text | None = None
    product: Text | None = None


class InvoicePaid(Event, frozen=True, kw_only=True, gc=False, tag="invoice.paid"):
    """Money came in for an invoice, all of it or a part."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency


class InvoiceCredited(Event, frozen=True, kw_only=True, gc=False, tag="invoice.credited"):
    """A credit note against an invoice."""

    topic = "crm.invoice"
    invoice: Name
    amount: Amount
    currency: Currency


class InvoiceVoided(Event, frozen=True, kw_only=True, gc=False, tag="invoice.voided"):
    """An invoice was withdrawn as if it had never been."""

    topic = "crm.invoice"
    invoice: Name


class TicketOpened(Event, frozen=True, kw_only=True, gc=False, tag="ticket.opened"):
    """An account asked for something."""

    topic = "crm.ticket"
    ticket: Name
    kind: Literal["complaint", "contract_question", "closing_request", "contact"]
    rep: Text | None = None


class TicketResolved(Event, frozen=True, kw_only=True, gc=False, tag="ticket.resolved"):
    """A ticket was settled."""

    topic = "crm.ticket"
    ticket: Name


class SubjectEvent(Event, frozen=True, kw_only=True, gc=False, rename={"on_topic": "topic"}):
    """On the subject as a whole, whatever its kind.

    `topic` says which subject is meant, for a lead and an account may share a name; on Kafka the
    record's own topic says it.
    """

    topic = "crm.lead"
    on_topic: SubjectTopic | None = None


class SubjectMerged(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.merged"):
    """Two records of one subject became one: all that is known of this one is known of `into`."""

    into: Name


class SubjectErased(SubjectEvent, frozen=True, kw_only=True, gc=False, tag="subject.erased"):
    """A person asked to be forgotten: what happened up to `at` is gone for good."""


class ReferenceRecord(Common, frozen=True, kw_only=True, gc=False):
    """What stands until a newer record says otherwise; of one key the newest `at` stands."""

    @property
    def key(self) -> str:
        """The key of its Kafka record: what it is about."""
        raise NotImplementedError


class RepSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="rep.set"):
    """Where a rep stands in today's organisation."""

    topic = "crm.rep"
    rep: Name
    team: Text | None = None
    department: Text | None = None
    unit: Text | None = None
    timezone: Text | None = None

    @property
    def key(self) -> str:
        """The rep."""
        return self.rep


class RateSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="rate.set"):
    """What one unit of a currency was worth on a date, in the reporting currency."""

    topic = "crm.rate"
    currency: Currency
    date: date
    rate: Rate

    @property
    def key(self) -> str:
        """Currency and date."""
        return f"{self.currency}|{self.date.isoformat()}"


class AccountSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="account.set"):
    """What is known of an account: who has it, and how much it could buy in a year."""

    topic = "crm.account"
    account: Name
    segment: Text | None = None
    rep: Text | None = None
    potential: Potential | None = None
    currency: Currency | None = None

    @property
    def key(self) -> str:
        """The account."""
        return self.account


class SpendRecorded(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="spend.recorded"):
    """Money spent on marketing, on the date of `at`."""

    topic = "crm.spend"
    amount: Amount
    currency: Currency
    campaign: Text | None = None
    channel: Text | None = None
    media: Media | None = None

    @property
    def key(self) -> str:
        """The spend."""
        return self.id


class TargetSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="target.set"):
    """What a KPI should come to in a window, or without `start` in every window of that kind."""

    topic = "crm.target"
    kpi: Name
    scope: Scope
    window: WindowKind
    value: Amount
    start: date | None = None

    @property
    def key(self) -> str:
        """KPI, scope, window and start, as in the key of the record it is for."""
        return "|".join(
            (
                self.kpi,
                *(f"{dimension}={value}" for dimension, value in self.scope.items()),
                *(() if self.scope else ("all",)),
                self.window,
                self.start.isoformat() if self.start else "",
            )
        )


EVENT_TYPES: tuple[type[Common], ...] = (
    LeadCreated,
    LeadAssigned,
    LeadQualified,
    LeadHandedOver,
    LeadDisqualified,
    CallEnded,
    EmailSent,
    EmailClicked,
    EmailReplied,
    DealChanged,
    DealDeleted,
    ActivityLogged,
    QuoteSent,
    QuoteOrdered,
    QuoteRejected,
    OrderPlaced,
    OrderDelivered,
    OrderCancelled,
    InvoiceIssued,
    InvoicePaid,
    InvoiceCredited,
    InvoiceVoided,
    TicketOpened,
    TicketResolved,
    SubjectMerged,
    SubjectErased,
    RepSet,
    AccountSet,
    SpendRecorded,
    TargetSet,
    RateSet,
)

TOPIC_OF: dict[str, str] = {str(kind.__struct_config__.tag): kind.topic for kind in EVENT_TYPES}
REFERENCE_TOPICS = ("crm.rep", "crm.account", "crm.spend", "crm.target", "crm.rate")
SOURCE_TOPICS = tuple(sorted({kind.topic for kind in EVENT_TYPES} - set(REFERENCE_TOPICS)))


def topic_of(event: Common) -> str:
    """Name the Kafka topic of an event: its type's, or where it says so itself, that one."""
    return getattr(event, "on_topic", None) or event.topic
