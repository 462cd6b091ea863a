"""Stage 2 of the model: shares of all shards merged, and what changed published."""

from typing import Any

from tests.model.facts import (
    CELLS,
    Cell,
    plus,
)
from tests.model.member import (
    DONE,
    Life,
    Member,
)
from tests.model.topics import Topics

AT_ONCE = 4
EAGERNESS = 0.3
Share = tuple[Cell | None, Any]


class Board:
    """What an owner of one partition of the partials has in memory."""

    def __init__(self, member: Member, topics: Topics) -> None:
        """Know nothing yet."""
        self.me, self.rules = member, member.rules
        self.source = topics.partials[member.place.number]
        self.output = topics.output[member.place.number]
        self.shares: dict[tuple[str, int], Share] = {}
        self.totals: dict[str, Cell | None] = {}
        self.ghosts: dict[str, dict[int, Any]] = {}  # for the judge only
        self.published: dict[str, Cell | None] = {}

    def live(self) -> Life:
        """Take the board, catch up, then work until the end."""
        if self.rules.board_fence:
            yield from self.me.fence()
        yield DONE
        self.published = {
            record.key: record.value[0] for record in self.output.read(0, self.output.stable_end)
        }
        yield DONE
        first = self.source.stable_end if self.rules.board_catches_up else 0
        while True:
            has_news = self._read(first)
            if not self.rules.board_reconcile and first:
                self.published, first = dict(self.totals), 0
            stale = [c for c in CELLS if self.totals.get(c) != self.published.get(c)]
            if stale and (not has_news or self.me.random.random() < EAGERNESS):
                if self.me.has_rounds:
                    # By priority: the others may have changed again when their turn comes.
                    stale = self.me.random.sample(stale, self.me.random.randint(1, len(stale)))
                yield from self._publish(stale)
            else:
                yield DONE if has_news else self.me.rest()

    def _read(self, first: int) -> bool:
        """Merge some records; up to `first` all at once."""
        is_committed = self.rules.board_committed
        stop = self.source.stable_end if is_committed else self.source.end
        if stop <= self.me.at:
            return False
        records = self.source.read(self.me.at, stop, is_committed)
        if self.me.at >= first:
            records = records[: self.me.random.randint(1, AT_ONCE)]
        for record in records:
            value, ghost = record.value
            if not self.rules.absolute:
                value = plus(value, self.shares.get(record.key, (None, None))[0])
            self.shares[record.key] = value, ghost
            self.me.at = record.offset + 1
        if records:
            self._merge()
        return bool(records)

    def _merge(self) -> None:
        self.totals, self.ghosts = {}, {}
        for (cell, shard), (value, ghost) in self.shares.items():
            self.totals[cell] = plus(self.totals.get(cell), value)
            self.ghosts.setdefault(cell, {})[shard] = ghost

    def _publish(self, stale: list[str]) -> Life:
        totals: dict[str, Cell | None] = {cell: self.totals.get(cell) for cell in stale}
        sends = [
            (self.output, cell, (value, dict(self.ghosts.get(cell, {}))))
            for cell, value in totals.items()
        ]
        if (yield from self.me.transact(list(sends), self.rules.board_fence)):
            self.published.update(totals)
