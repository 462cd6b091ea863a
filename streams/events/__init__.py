"""What the CRM said: bytes in, a typed event or a `Rejected` with its reason out."""

from streams.events.decode import (
    Rejected,
    canonical,
    decode,
    pack,
    unpack,
)
from streams.events.model import (
    EVENT_TYPES,
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    TOPIC_OF,
    AccountSet,
    Event,
    RateSet,
    ReferenceRecord,
    RepSet,
    SpendRecorded,
    SubjectErased,
    SubjectMerged,
    TargetSet,
    topic_of,
)

__all__ = [
    "EVENT_TYPES",
    "REFERENCE_TOPICS",
    "SOURCE_TOPICS",
    "TOPIC_OF",
    "AccountSet",
    "Event",
    "RateSet",
    "ReferenceRecord",
    "Rejected",
    "RepSet",
    "SpendRecorded",
    "SubjectErased",
    "SubjectMerged",
    "TargetSet",
    "canonical",
    "decode",
    "pack",
    "topic_of",
    "unpack",
]
