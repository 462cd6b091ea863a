"""What the records of the inbox become: events, dead letters, and records to be read."""

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import ConsumerRecord

from streams.config.settings import Settings
from streams.gateway.errors import Problem
from streams.gateway.records import Record
from streams.gateway.records import record as event_record
from streams.internal_topics.inbox import InboxKeys, Unreadable, decode
from streams.internal_topics.reads import ReadKey, ReadRequest
from streams.sources.delivery import Delivery
from streams.sources.loading import sources
from streams.sources.mapping import Translation, Unmapped, translate
from streams.sources.source import Source

log = logging.getLogger(__name__)
# The source of what cannot be attributed to one.
UNKNOWN = "unknown"


class Translated(NamedTuple):
    """What one record of the inbox became.

    Attributes:
        source: The name of the source, or UNKNOWN: one of few, for counting.
        label: The account of the source, or "".
        received: When the delivery came, in milliseconds since the epoch.
        events: The events, to be written to their topics.
        unmapped: What could not be translated, and why.
        reads: The records that have to be read from the CRM.
        ignored: Number of items that no rule matches.
    """

    source: str
    label: str
    received: int
    events: tuple[Record, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    reads: tuple[ReadRequest, ...] = ()
    ignored: int = 0


@dataclass(frozen=True)
class Translator:
    """Translates deliveries by the mapping files of all sources.

    Attributes:
        sources: The sources, by name.
        hash_key: The key of hashes of phone numbers and e-mail addresses.
        inbox_keys: The keys with which bodies of the inbox may be encrypted.
    """

    sources: Mapping[str, Source]
    hash_key: bytes
    inbox_keys: InboxKeys

    @classmethod
    def of(cls, settings: Settings) -> "Translator":
        """Load the mapping files. Raises BadSetting with every mistake in them."""
        return cls(sources(settings.sources), settings.secret, InboxKeys(settings.inbox_key))

    def translate_record(self, record: ConsumerRecord) -> Translated:
        """Translate a record of the inbox. Never raises for what is in it."""
        try:
            received = decode(record.value, record.headers, self.inbox_keys)
        except Unreadable as error:
            return _unmapped(self._source_of(record), "", record.timestamp, str(error))
        return self.translate(received.delivery)

    def _source_of(self, record: ConsumerRecord) -> str:
        written = dict(record.headers or ()).get("source") or b""
        name = written.decode(errors="replace")
        return name if name in self.sources else UNKNOWN

    def translate(self, delivery: Delivery) -> Translated:
        """Translate a delivery. Never raises for what is in it."""
        source = self.sources.get(delivery.source)
        if source is None:
            reason = f"there is no mapping file of source {delivery.source!r}"
            return _unmapped(UNKNOWN, delivery.label, delivery.received, reason)
        try:
            translation = translate(source, delivery, self.hash_key)
        except Exception as error:  # noqa: BLE001 - one delivery must not end the translation of all
            # Where it was raised, without its text, which may quote personal data.
            place = traceback.extract_tb(error.__traceback__)[-1]
            reason = (
                f"{type(error).__name__} in {place.name}, line {place.lineno}: please report it"
            )
            log.error("%s: the translation failed with %s", source.name, reason)
            return _unmapped(source.name, delivery.label, delivery.received, reason)
        return _checked(delivery, translation)


def _checked(delivery: Delivery, translation: Translation) -> Translated:
    """Add to the unmapped items the events that the gateway would refuse."""
    events: list[Record] = []
    unmapped = list(translation.unmapped)
    for value in translation.events:
        found = event_record(value, 1)
        if isinstance(found, Problem):
            unmapped.append(Unmapped(0, "", found.field, found.reason))
        else:
            events.append(found)
    reads = tuple(
        ReadRequest(ReadKey(delivery.source, delivery.label, each.kind, each.id), delivery.received)
        for each in translation.reads
    )
    return Translated(
        delivery.source,
        delivery.label,
        delivery.received,
        tuple(events),
        tuple(unmapped),
        reads,
        translation.ignored,
    )


def _unmapped(source: str, label: str, received: int, reason: str) -> Translated:
    return Translated(source, label, received, unmapped=(Unmapped(0, "", None, reason),))
