"""Reads from the topics what they hold of the subjects of some events."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events import Rejected
from streams.events.formats.kafka_records import decode_record
from streams.gateway.records import Record
from streams.kafka.reader import ends, read_to
from streams.operations.sources.pulling.held import HeldEvents
from streams.translation.writer import event_write

# Called with the number of records read, and of all.
OnProgress = Callable[[int, int], object]


async def held_by_topics(
    settings: Settings, events: Iterable[Record], on_progress: OnProgress = lambda *_: None
) -> dict[str, HeldEvents]:
    """Return what each topic holds of the keys of events. Raises Fatal if Kafka fails.

    The partitions of these keys are read whole: a subject's first event counts like its last.
    """
    wanted: dict[TopicPartition, set[bytes]] = defaultdict(set)
    for event in events:
        for topic in event.topics:
            wanted[event_write(settings, topic, event.key, event.value).to].add(event.key)
    found: dict[str, HeldEvents] = defaultdict(HeldEvents)
    if not wanted:
        return found
    stops = await ends(settings, wanted.keys(), committed=True)
    reached, total = dict.fromkeys(stops, 0), sum(stops.values())
    async for partition, records in read_to(settings, stops):
        keys, held = wanted[partition], found[partition.topic]
        for record in records:
            if record.key in keys:
                event_held = decode_record(record.value, record.headers or ())
                if not isinstance(event_held, Rejected):
                    held.add(event_held)
        reached[partition] = records[-1].offset + 1
        on_progress(sum(reached.values()), total)
    return found
