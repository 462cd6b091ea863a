"""The consumer of a shard's source topics: ranges of offsets, with the records in them."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tests.model.broker import Partition, Record
from tests.model.rules import Rules

AT_ONCE = 3
# How often a fetch ends before the first record, where markers or aborted records come first.
WITHOUT_RECORDS = 0.3


class Fetched(NamedTuple):
    """The records from `start` to `next`, where the one after it begins."""

    records: list[Record]
    start: int
    next: int


class Client:
    """Reads each topic from where it was last, and passes what nobody is to see."""

    def __init__(self, topics: list[Partition], rules: Rules, random: Random) -> None:
        """Begin at the beginning."""
        self.offsets: tuple[int, ...] = (0,) * len(topics)
        self._topics, self._rules, self._random = topics, rules, random

    def seek(self, offsets: Sequence[int]) -> None:
        """Read on from these."""
        self.offsets = tuple(offsets)

    def has_more(self, topic: int) -> bool:
        """Whether there are offsets to read or to pass."""
        return self.offsets[topic] < self._stop(topic)

    def fetch(self, topic: int) -> Fetched:
        """Read some records, and of the markers and aborted records around them some."""
        random, start, stop = self._random, self.offsets[topic], self._stop(topic)
        ahead = self._topics[topic].read(start, stop, self._rules.source_committed)
        records = ahead[: random.randint(1, AT_ONCE)]
        if ahead and ahead[0].offset > start and random.random() < WITHOUT_RECORDS:
            records = []
        least = records[-1].offset + 1 if records else start + 1
        most = ahead[len(records)].offset if len(records) < len(ahead) else stop
        end = random.randint(least, most) if least < most else least
        self.offsets = (*self.offsets[:topic], end, *self.offsets[topic + 1 :])
        return Fetched(records, start, end)

    def _stop(self, topic: int) -> int:
        partition, rules = self._topics[topic], self._rules
        return partition.stable_end if rules.source_committed and rules.stable else partition.end
