"""One shard's state as its topic holds it, put back into the pure core."""

from collections.abc import Iterator, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Move
from streams.engine.aggregate.tombstones import WrongErasureKey
from streams.events import SOURCE_TOPICS
from streams.internal_topics.progress import Position
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.tasks.aggregate.quarantine import Care, named
from streams.tasks.ports import ShardCore

ROW, GOAL, POSITION = b"r", b"g", b"p"


class Kept:
    """What has been read of a shard's state: `take` each record in its order, then `folding`.

    Reference data has to be heard by the core before that: rows are read once, and right.
    """

    def __init__(self, settings: Settings, cells: ShardCore, number: int) -> None:
        """Begin with an empty shard of the core's."""
        self.position = Position()
        self.goal: dict[str, int] = {}
        self.care = Care()
        self._cells = cells
        self._number = number
        self._place = TopicPartition(topics.state(settings), number)
        self._sources = (*SOURCE_TOPICS, topics.moved(settings))
        self._is_folded = False

    def take(self, record: ConsumerRecord) -> bool:
        """Take one record; True for a position, which is the last of a transaction's.

        Once folded, rows are followed: what they change comes with the next `settle`.
        """
        key, value = record.key, record.value
        if key and key[:1] == ROW:
            self._take_row(key[1:], value)
        elif not key or not self.care.restore(key, value):
            if key not in (GOAL, POSITION) or value is None:
                place = f"{self._place.topic}/{self._place.partition}"
                raise Fatal(f"{place} holds a record that is none of ours")
            if key == POSITION:
                self.position = Position.decode(value)
                self.position.raise_to(dict.fromkeys(self._sources, 0))
                return True
            self.goal = Position.decode(value).source
        return False

    def folding(self, heard: Mapping[bytes, Move], clock: int) -> Iterator[None]:
        """Add up all cells, with what other shards have moved here; as the core's `folding`."""
        self.position.raise_to(dict.fromkeys(self._sources, 0))
        with named(self._number):
            for key, move in heard.items():
                if not self.care.is_aside(key, move):
                    self._cells.restore_move(move)
            yield from self._cells.folding(clock)
        self._is_folded = True

    def _take_row(self, key: bytes, value: bytes | None) -> None:
        try:
            if self._is_folded:
                self._cells.follow(key, value)
            else:
                self._cells.restore(key, value)
        except WrongErasureKey as error:
            raise Fatal(
                f"{self._place.topic} was written with another SALES_KPIS_ERASURE_KEY: with"
                " this one nobody merged or erased would be recognised; set the earlier one"
            ) from error
