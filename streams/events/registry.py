"""Every event and record type: its Kafka topics, and the identity and order of events."""

import msgspec

from streams.events.account_events import (
    InvoiceCredited,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
    OrderCancelled,
    OrderDelivered,
    OrderPlaced,
    TicketOpened,
    TicketResolved,
)
from streams.events.common import Common, Event
from streams.events.lead_events import (
    ActivityLogged,
    CallEnded,
    DealChanged,
    DealDeleted,
    EmailClicked,
    EmailReplied,
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
from streams.events.reference_records import (
    AccountSet,
    RateSet,
    RepSet,
    SpendRecorded,
    TargetSet,
)
from streams.events.subject_events import (
    SubjectErased,
    SubjectEvent,
    SubjectMerged,
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
# The end of an event's identity, by its type.
_ENDS = {kind: f"\0{kind.__struct_config__.tag}" for kind in EVENT_TYPES}


def topics_of(event: Common) -> tuple[str, ...]:
    """Give the Kafka topics of an event: each holds one record of it.

    Only an event on a whole subject that names no topic has several: one of each kind of subject.
    """
    if not isinstance(event, SubjectEvent):
        return (event.topic,)
    return (event.on_topic,) if event.on_topic else event.topic_of_each_kind


def for_each_kind(event: Event) -> tuple[Event, ...]:
    """Give the event as the records on its topics are read: once for each kind of subject."""
    if not isinstance(event, SubjectEvent) or event.on_topic:
        return (event,)
    return tuple(msgspec.structs.replace(event, on_topic=topic) for topic in topics_of(event))


def identity(event: Common) -> str:
    """Name an event within its subject, by `id` and type; these texts sort as events do.

    Ids of digits alone come first, by number, the others as text; then the type.
    """
    name = event.id
    if not name.isdigit() or not name.isascii():
        return f"1{name}{_ENDS[type(event)]}"
    number = name.lstrip("0")
    zeros = len(name) - len(number)
    # The length comes first, so that texts compare as numbers.
    text = f"0{len(number):03}{number}{_ENDS[type(event)]}"
    return f"{text}\0{zeros:03}" if zeros else text


def order_within(event: Common) -> str:
    """What sorts events of one instant: `seq`, 0 where there is none, then `identity`."""
    seq = event.seq
    if not seq:
        return identity(event)
    # Every identity begins with 0 or 1.
    return f"2{len(str(seq)):02}{seq}{identity(event)}"
