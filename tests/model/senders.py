"""Those who write events: plainly, or in transactions, some of which are aborted or left open."""

from collections import Counter
from collections.abc import Callable, Generator
from functools import partial
from random import Random
from typing import Any

from tests.model.broker import (
    RETRY,
    Partition,
    Refused,
    Request,
    Transactional,
)
from tests.model.facts import Event
from tests.model.member import LATE_ADDITIONS, LATE_ENDS

Outbox = list[tuple[Partition, Event]]
AT_ONCE = 4
PLAIN, ABORTED, DIES = 0.4, 0.3, 0.15
# For how many steps a transaction stays open: what others write behind it has to wait.
OPEN_FOR = (0, 0, 0, 5, 30)


class Sender:
    """Sends what is in its outbox, and again what may not have arrived."""

    def __init__(
        self,
        outbox: Outbox,
        random: Random,
        new_id: Callable[[], Transactional],
        wire: list[Request] | None,
        seen: Counter[str],
    ) -> None:
        """`new_id` gives a new transactional.id; `wire` has what arrives late, None if nothing."""
        self.outbox, self.random = outbox, random
        self._new_id, self._wire, self._seen = new_id, wire, seen
        self._transactional, self._epoch = new_id(), 0
        self._life = self._live()

    def step(self) -> bool:
        """Do the next thing; False once all is sent."""
        try:
            return next(self._life, False)
        except Refused:
            # Nobody knows what became of the transaction: its events are sent again.
            self._life = self._live()
            return True

    def _live(self) -> Generator[bool, None, None]:
        yield from self._fence()
        while self.outbox:
            batch = self.outbox[: self.random.randint(1, AT_ONCE)]
            if self.random.random() < PLAIN:
                for partition, event in batch:
                    partition.append(None, event.id, (event,))
                    yield True
                is_through = True
            else:
                is_through = yield from self._transact(batch)
            if is_through:
                del self.outbox[: len(batch)]

    def _fence(self) -> Generator[bool, None, None]:
        self._epoch = yield from self._ask(self._transactional.init)

    def _transact(self, batch: Outbox) -> Generator[bool, None, bool]:
        """Send events in a transaction; False if they are to be sent again."""
        tx, epoch, random = self._transactional, self._epoch, self.random
        for partition, event in batch:
            addition = partial(tx.add, epoch, partition)
            self._copy(LATE_ADDITIONS, addition)
            yield from self._ask(addition)
            yield from self._ask(partial(tx.put, epoch, partition, event.id, (event,)))
        for _ in range(random.choice(OPEN_FOR)):
            yield True
        if random.random() < DIES:
            self._seen["left open by a sender"] += 1
            if random.random() < 0.5:  # else the new incarnation ends it
                self._transactional = self._new_id()
            yield from self._fence()
            return False
        is_commit = random.random() >= ABORTED
        self._copy(LATE_ENDS, partial(tx.finish, epoch, is_commit, tx.serial))
        yield from self._ask(partial(tx.finish, epoch, is_commit))
        self._seen["committed by a sender" if is_commit else "aborted by a sender"] += 1
        return is_commit or random.random() < 0.5  # of those aborted some are never sent again

    def _ask(self, request: Request) -> Generator[bool, None, Any]:
        while True:
            yield True
            answer = request()
            if answer is not RETRY:
                return answer

    def _copy(self, chance: float, request: Request) -> None:
        if self._wire is not None and self.random.random() < chance:
            self._wire.append(request)
