"""Translates again what the inbox still holds of a source, by the mapping files of now."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.internal_topics import dead_letters, reads
from streams.kafka.reader import read_to, since
from streams.operations.dead_letters import DeadLetter, read_dead_letters
from streams.operations.export import OnProgress
from streams.operations.sources.backlog import PARTITIONS, inbox_ends
from streams.operations.sources.replaying.standing_events import (
    StandingEvents,
    Verdict,
    standing_events,
)
from streams.translation.inbox_task import place_of
from streams.translation.translator import Translated, Translator
from streams.translation.writer import Write, Writer, event_write

# Of one write.
CHUNK_WRITES = 1_000
WRITTEN = (Verdict.NEW, Verdict.CORRECTED)


@dataclass
class Replayed:
    """The result of a replay.

    Attributes:
        deliveries: Number of deliveries translated again.
        events: Number of their events by how they compare with what `crm.*` held.
        unmapped: Number of items that cannot be translated even so.
        settled: Number of dead letters whose items are translated now.
        ignored: Number of items that no rule matches.
        reads: Number of records that are to be read from the CRM again.
    """

    deliveries: int = 0
    events: Counter[Verdict] = field(default_factory=Counter)
    unmapped: int = 0
    settled: int = 0
    ignored: int = 0
    reads: int = 0


class Position(NamedTuple):
    """Where a delivery is in the inbox."""

    partition: int
    offset: int


async def replay(
    settings: Settings,
    translator: Translator,
    source: str,
    at: int,
    on_progress: OnProgress = lambda *_: None,
) -> Replayed:
    """Translate all deliveries of a source since an instant again, and write what differs.

    The instant is in milliseconds; 0 is all. Nothing is written twice: what `crm.*` holds already
    stays as it is. It may be interrupted and run again.
    """
    stops = await inbox_ends(settings)
    starts = await since(settings, PARTITIONS, at)
    stops = {partition: stops[partition] for partition in starts}
    if not stops:
        return Replayed()
    first = await _first_at(settings, starts, stops)
    held = await standing_events(settings, source, first)
    letters = _by_position(await read_dead_letters(settings))
    run = _Replay(settings, translator, held, letters)
    total, done = sum(stops[each] - starts[each] for each in starts), 0
    async with Writer.open(settings) as writer:
        async for _, records in read_to(settings, stops, starts):
            chunk: list[Write] = []
            for record in records:
                if is_of(record, source):
                    chunk += run.writes(record, at)
                if len(chunk) >= CHUNK_WRITES:
                    await writer.write(chunk)
                    chunk = []
            await writer.write(chunk)
            done += len(records)
            on_progress(done, total)
    on_progress(total, total)
    return run.result


def is_of(record: ConsumerRecord, source: str) -> bool:
    """Whether a record of the inbox is a delivery of a source."""
    return ("source", source.encode()) in (record.headers or ())


async def _first_at(
    settings: Settings, starts: dict[TopicPartition, int], stops: dict[TopicPartition, int]
) -> int:
    """The time at which the first delivery was written: its events were written later."""
    firsts = {each: start + 1 for each, start in starts.items() if start < stops[each]}
    found = [
        record.timestamp
        async for _, records in read_to(settings, firsts, starts)
        for record in records
    ]
    return min(found, default=0)


def _by_position(letters: list[DeadLetter]) -> dict[Position, list[DeadLetter]]:
    """Group the waiting dead letters of deliveries by their delivery."""
    found: dict[Position, list[DeadLetter]] = {}
    for letter in letters:
        if letter.place is not None and letter.sent_again is None:
            position = Position(letter.partition, letter.source_offset)
            found.setdefault(position, []).append(letter)
    return found


class _Replay:
    """One replay: what of each delivery is to be written, and the counts."""

    def __init__(
        self,
        settings: Settings,
        translator: Translator,
        held: StandingEvents,
        letters: dict[Position, list[DeadLetter]],
    ) -> None:
        self.result = Replayed()
        self._settings, self._translator = settings, translator
        self._held, self._letters = held, letters

    def writes(self, record: ConsumerRecord, at: int) -> Iterator[Write]:
        """Yield what is to be written for a delivery that came at an instant or later."""
        found = self._translator.translate_record(record)
        if found.received < at:
            return
        result = self.result
        result.deliveries += 1
        result.ignored += found.ignored
        result.unmapped += len(found.unmapped)
        for event in found.events:
            for each in self._held.compare(event):
                result.events[each.verdict] += 1
                if each.verdict in WRITTEN:
                    yield event_write(self._settings, each.topic, each.key, each.value)
        yield from self._dead_letters(record, found)
        for request in found.reads:
            result.reads += 1
            yield Write(reads.partition(self._settings), *reads.write(request))

    def _dead_letters(self, record: ConsumerRecord, found: Translated) -> Iterator[Write]:
        """Note the dead letters that are settled now, and add those that are new."""
        now = self._settings.clock()
        waiting = self._letters.get(Position(record.partition, record.offset), [])
        unmapped = {place_of(found, each): each for each in found.unmapped}
        for letter in waiting:
            if letter.place not in unmapped:
                self.result.settled += 1
                note = dead_letters.sent_again(letter.offset, now)
                yield Write(dead_letters.DESTINATION, letter.key or b"", note)
        known = {letter.place for letter in waiting}
        for place, each in unmapped.items():
            if place not in known:
                added = dead_letters.unmapped(record, place, each.field, each.reason, now)
                yield Write(dead_letters.DESTINATION, *added)
