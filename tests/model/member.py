"""One incarnation of an owner: what it asks of Kafka, one step at a time."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final, NamedTuple

from tests.model.broker import (
    RETRY,
    Partition,
    Request,
    Transactional,
)
from tests.model.rules import Rules

# What a step of a life tells the world: work was done, none was to do, or others are waited for.
DONE: Final = "done"
IDLE: Final = "idle"
WAITING: Final = "waiting"
Life = Generator[str, None, None]
Sends = list[tuple[Partition, Any, Any]]
LATE_ADDITIONS, LATE_ENDS = 0.03, 0.3
ABORTED_SHARE = 0.15


class Place(NamedTuple):
    """What is owned."""

    stage: str
    number: int


@dataclass(eq=False)
class Member:
    """An owner of one shard or board; asleep for so many steps, its clock so much behind."""

    place: Place
    transactional: Transactional
    rules: Rules
    random: Random
    wire: list[Request]
    version: int
    asleep: int
    skew: int
    has_snapshots: bool = False
    has_rounds: bool = False
    epoch: int = 0
    at: int = 0
    # A request that may arrive even if the member dies now.
    on_the_way: Request | None = None
    life: Life | None = None

    def ask(self, request: Request) -> Generator[str, None, Any]:
        """Send a request until it is answered."""
        while True:
            self.on_the_way = request
            yield DONE
            self.on_the_way = None
            answer = request()
            if answer is not RETRY:
                return answer

    def fence(self) -> Generator[str, None, None]:
        """Become the only owner."""
        self.epoch = yield from self.ask(self.transactional.init)

    def transact(self, sends: Sends, is_transaction: bool = True) -> Generator[str, None, bool]:
        """Write it all and end the transaction; False is for the mutant that aborts and goes on."""
        named: set[Partition] = set()
        is_commit = self.rules.exits or self.random.random() >= ABORTED_SHARE
        tx, epoch = self.transactional, self.epoch
        for partition, key, value in sends:
            if not is_transaction:
                yield from self.ask(partial(partition.append, None, key, value))
                continue
            if partition not in named:
                addition = partial(tx.add, epoch, partition)
                self._copy(LATE_ADDITIONS, addition)
                yield from self.ask(addition)
                named.add(partition)
            yield from self.ask(partial(tx.put, epoch, partition, key, value))
        if named:
            self._copy(LATE_ENDS, partial(tx.finish, epoch, is_commit, tx.serial))
            yield from self.ask(partial(tx.finish, epoch, is_commit))
        return is_commit

    def rest(self) -> str:
        """Have nothing to do; a heartbeat is an empty commit, which a fenced owner is refused."""
        if self.rules.heartbeat and self.epoch and self.transactional.check(self.epoch) is RETRY:
            return WAITING
        return IDLE

    def _copy(self, chance: float, request: Request) -> None:
        if self.rules.late and self.random.random() < chance:
            self.wire.append(request)
