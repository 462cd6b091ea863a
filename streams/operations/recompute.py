"""One shard's cells worked out again from its rows, beside whoever owns it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import ConsumerRecord

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Move
from streams.events import ReferenceRecord
from streams.kafka import topics
from streams.tasks.aggregate.restore import Kept
from streams.tasks.ports import Core, Vectors


class Word(NamedTuple):
    """What another shard said to this one: where it stands in the topic of moves, and its key."""

    offset: int
    key: bytes
    move: Move


class Recount:
    """Every value that each cell has had since the state was at a certain offset.

    Reads the state's records in their order; those from that offset on are taken transaction by
    transaction, as their owner took them.
    """

    def __init__(
        self, settings: Settings, core: Core, number: int, words: Sequence[Word], since: int
    ) -> None:
        """Begin with an empty shard; `words` are all that was said to it, in their order."""
        self._settings = settings
        self._cells = core.shard(settings.clock(), number)
        self._kept = Kept(settings, self._cells, number)
        self._words = words
        self._spoken = 0
        self._since = since
        self._moved = topics.moved(settings)
        self._standing: Mapping[str, Vectors] | None = None
        self._later: defaultdict[str, list[Vectors]] = defaultdict(list)

    def hear(self, records: Iterable[ReferenceRecord]) -> None:
        """Take reference records; the first before any record of the state."""
        for record in records:
            self._cells.hear(record)

    def take(self, record: ConsumerRecord) -> None:
        """Take the next record of the state."""
        if self._standing is None and record.offset >= self._since:
            self._fold()
        is_end = self._kept.take(record)
        if is_end and self._standing is not None:
            for word in self._spoken_by_now():
                # Of what was set aside the owner took that the word before it counts no longer.
                is_aside = self._kept.care.is_aside(word.key, word.move)
                self._cells.receive(word.move._replace(value=None) if is_aside else word.move)
            self._settle()

    def finish(self) -> bool:
        """Let time pass up to now; False if the owner is not allowed to publish yet."""
        if self._standing is None:
            self._fold()
        self._settle()
        return self._kept.position.reaches(self._kept.goal)

    def wrong(self, published: Mapping[str, Vectors | str]) -> dict[str, Vectors]:
        """Give the cells that are published as they never were, with their latest value."""
        standing = self._standing or {}
        found = {}
        for cell in {*published, *standing, *self._later}:
            values = [standing.get(cell, {}), *self._later.get(cell, ())]
            if published.get(cell, {}) not in values:
                found[cell] = values[-1]
        return found

    def __len__(self) -> int:
        """Count the cells."""
        return len({*(self._standing or {}), *self._later})

    def _fold(self) -> None:
        heard: dict[bytes, Move] = {}
        for word in self._spoken_by_now():
            heard[word.key] = word.move
        standing = {key: move for key, move in heard.items() if move.value is not None}
        for _ in self._kept.folding(standing, self._settings.clock()):
            pass
        self._cells.moves()
        self._standing = dict(self._cells.cells())

    def _settle(self) -> None:
        for _ in self._cells.settling(self._settings.clock()):
            pass
        for cell, vectors in self._cells.changed().items():
            self._later[cell].append(vectors)
        self._cells.moves()

    def _spoken_by_now(self) -> Iterable[Word]:
        """Give what the owner has heard at its position, as far as it was not given before."""
        first, position = self._spoken, self._kept.position.source.get(self._moved, 0)
        while self._spoken < len(self._words) and self._words[self._spoken].offset < position:
            self._spoken += 1
        return self._words[first : self._spoken]
