"""Every event and record type, and the Kafka topics of each."""

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
