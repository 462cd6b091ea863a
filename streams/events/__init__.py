"""What the CRM said: bytes in, a typed event or a `Rejected` with its reason out."""

from streams.events.decode import Rejected, canonical, decode, pack, unpack
from streams.events.model import (
    EVENT_TYPES,
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    TOPIC_OF,
    Event,
    RateSet,
    RepSet,
)

__all__ = [
    "EVENT_TYPES",
    "REFERENCE_TOPICS",
    "SOURCE_TOPICS",
    "TOPIC_OF",
    "Event",
    "RateSet",
    "Rejected",
    "RepSet",
    "canonical",
    "decode",
    "pack",
    "unpack",
]
