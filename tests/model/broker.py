"""Kafka, as far as the protocol needs it: partitions, markers, the transaction coordinator."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from random import Random
from typing import Any, Final

RETRY: Final = object()
OPEN, COMMITTED, ABORTED = 0, 1, -1
_offset = attrgetter("offset")


class Refused(Exception):
    """Fenced, or not allowed: the process ends. Nobody but the supervisor catches it."""


@dataclass(slots=True, eq=False)
class Record:
    """One record of a partition."""

    offset: int
    writer: "Transactional | None"
    key: Any
    value: Any
    status: int


class Partition:
    """A log with transactions in it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.records: list[Record] = []
        self.end = 0
        self.committed: list[Record] = []  # all there ever were, in the order they became visible
        self.opened: dict[Transactional, int] = {}
        self.epochs: dict[Transactional, int] = {}

    @property
    def stable_end(self) -> int:
        """Where a read_committed reader has to stop."""
        return min(self.opened.values(), default=self.end)

    def since(self, offset: int) -> list[Record]:
        """Give what is left from an offset on."""
        return self.records[bisect_left(self.records, offset, key=_offset) :]

    def read(self, start: int, stop: int, is_committed: bool = True) -> list[Record]:
        """Give records of an interval: committed ones, or whatever lies there."""
        return [
            record
            for record in self.since(start)
            if record.offset < stop and (record.status == COMMITTED or not is_committed)
        ]

    def append(self, writer: "Transactional | None", key: Any, value: Any) -> None:
        """Write at the end; outside a transaction it is visible at once."""
        record = Record(self.end, writer, key, value, COMMITTED if writer is None else OPEN)
        self.records.append(record)
        self.end += 1
        if writer is None:
            self.committed.append(record)

    def mark(self, writer: "Transactional", epoch: int, is_commit: bool) -> None:
        """Write a marker: the writer's open records become visible, or never will."""
        for record in self.since(self.opened.pop(writer, self.end)):
            if record.writer is writer and record.status == OPEN:
                record.status = COMMITTED if is_commit else ABORTED
                if is_commit:
                    self.committed.append(record)
        self.epochs[writer] = epoch
        self.end += 1

    def compact(self, bound: float, passed: float) -> None:
        """Below `bound` keep each key's last record; a tombstone goes once it is passed."""
        last = {r.key: r.offset for r in self.records if r.offset < bound and r.status == COMMITTED}
        self.records = [
            record
            for record in self.records
            if record.offset >= bound
            or (
                record.status == COMMITTED
                and last[record.key] == record.offset
                and not (record.value[0] is None and record.offset < passed)
            )
        ]


class Transactional:
    """What the coordinator knows of one transactional.id.

    In the old protocol a request names producer and epoch, not the transaction: a late copy of
    EndTxn ends whatever is open.
    """

    def __init__(self, seen: Counter[str], is_verified: bool) -> None:
        """Know no producer yet."""
        self.epoch = 0
        self.serial = 0
        self.pending: list[Partition] = []
        self.is_open = False
        self._is_verified = is_verified
        self._parts: list[Partition] = []
        self._last: bool | None = None
        self._seen = seen

    def init(self) -> object:
        """InitProducerId: ends what is open and gives the next epoch, once markers are written."""
        if self.is_open:
            self.expire()
        if self.pending:
            return RETRY
        self.epoch, self._last = self.epoch + 1, None
        return self.epoch

    def check(self, epoch: int) -> object:
        """Refuse an old epoch; ask for patience while markers are being written."""
        if epoch != self.epoch:
            raise Refused("fenced")
        return RETRY if self.pending else None

    def add(self, epoch: int, partition: Partition) -> object:
        """AddPartitionsToTxn; the first one opens a transaction."""
        if self.check(epoch) is RETRY:
            return RETRY
        if not self.is_open:
            self.is_open, self._parts, self.serial = True, [], self.serial + 1
        if partition not in self._parts:
            self._parts.append(partition)
        return None

    def put(self, epoch: int, partition: Partition, key: Any, value: Any) -> object:
        """Produce one record; the first of a transaction is verified, if the broker does that."""
        if epoch < partition.epochs.get(self, 0):
            raise Refused("fenced by a partition")
        if self not in partition.opened:
            if self._is_verified:
                if self.check(epoch) is RETRY:
                    return RETRY
                if not self.is_open or partition not in self._parts:
                    raise Refused("append outside a transaction")
            partition.opened[self] = partition.end
        partition.epochs[self] = epoch
        partition.append(self, key, value)
        return None

    def finish(self, epoch: int, is_commit: bool, serial: int | None = None) -> object:
        """EndTxn; `serial` is for counting how often it is another transaction that ends."""
        if self.check(epoch) is RETRY:
            return RETRY
        if self.is_open:
            self._seen["torn"] += serial not in (None, self.serial)
            self._end(is_commit)
        elif self._last is not is_commit:
            raise Refused("nothing to end")
        return None  # else taken for a repetition, and answered as the first was

    def expire(self) -> None:
        """The coordinator aborts: the transaction took too long, or a new owner has come."""
        self.epoch += 1
        self._seen["ended by the coordinator"] += 1
        self._end(is_commit=False)

    def write_a_marker(self, random: Random) -> None:
        """Write one of the markers that are due."""
        partition = self.pending.pop(random.randrange(len(self.pending)))
        partition.mark(self, self.epoch, bool(self._last))

    def _end(self, is_commit: bool) -> None:
        self.is_open, self._last, self.pending = False, is_commit, self._parts[:]


Request = Callable[[], object]
