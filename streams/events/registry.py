"""Every event and record type, and the Kafka topic of each."""

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
from streams.events.common import Common
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
from streams.events.subject_events import SubjectErased, SubjectMerged

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
    """Give the Kafka topic of an event: its own where it names one, else that of its type."""
    return getattr(event, "on_topic", None) or event.topic
