"""Typed CRM events and reference records: bytes in, an event or a `Rejected` out."""

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
from streams.events.decode import (
    canonical,
    decode,
    pack,
    unpack,
)
from streams.events.key_value import KeyValue
from streams.events.known_names import KnownNames
from streams.events.labels import clearable
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
from streams.events.order import identity, order_within
from streams.events.reference_records import (
    AccountSet,
    RateSet,
    ReferenceRecord,
    RepSet,
    SpendRecorded,
    TargetSet,
)
from streams.events.registry import (
    EVENT_TYPES,
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    TOPIC_OF,
    for_each_kind,
    topics_of,
)
from streams.events.rejected import Rejected, RejectionKind
from streams.events.subject_events import (
    SubjectErased,
    SubjectEvent,
    SubjectMerged,
)

__all__ = [
    "EVENT_TYPES",
    "REFERENCE_TOPICS",
    "SOURCE_TOPICS",
    "TOPIC_OF",
    "AccountSet",
    "ActivityLogged",
    "CallEnded",
    "Common",
    "DealChanged",
    "DealDeleted",
    "EmailClicked",
    "EmailReplied",
    "EmailSent",
    "Event",
    "InvoiceCredited",
    "InvoiceIssued",
    "InvoicePaid",
    "InvoiceVoided",
    "KeyValue",
    "KnownNames",
    "LeadAssigned",
    "LeadCreated",
    "LeadDisqualified",
    "LeadHandedOver",
    "LeadQualified",
    "OrderCancelled",
    "OrderDelivered",
    "OrderPlaced",
    "QuoteOrdered",
    "QuoteRejected",
    "QuoteSent",
    "RateSet",
    "ReferenceRecord",
    "Rejected",
    "RejectionKind",
    "RepSet",
    "SpendRecorded",
    "SubjectErased",
    "SubjectEvent",
    "SubjectMerged",
    "TargetSet",
    "TicketOpened",
    "TicketResolved",
    "canonical",
    "clearable",
    "decode",
    "for_each_kind",
    "identity",
    "order_within",
    "pack",
    "topics_of",
    "unpack",
]
