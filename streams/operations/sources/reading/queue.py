"""The records that wait to be read from CRMs, as the topic of reads has them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from streams.internal_topics import reads
from streams.internal_topics.reads import ReadKey
from streams.operations.sources.accounts import Account


@dataclass
class Waiting:
    """A record that is to be read.

    Attributes:
        request: The newest request for it in the topic.
        asked: When the webhook came that named it first, in milliseconds since the epoch.
        tries: How often reading it has failed.
        due: When it may be read, in milliseconds of the caller's clock.
    """

    request: ConsumerRecord
    asked: int
    tries: int = 0
    due: int = 0


class ReadQueue:
    """What waits, by account; follows the topic record by record.

    A tombstone answers the requests up to the offset that it names. A request that came while its
    record was being read stays: what was read may be older than what the webhook told of.
    """

    def __init__(self) -> None:
        self._waiting: dict[Account, dict[ReadKey, Waiting]] = defaultdict(dict)

    def receive(self, record: ConsumerRecord) -> ReadKey | None:
        """Follow a record of the topic; return the key of a request that a tombstone has hidden.

        It has to be written again: once the topic is compacted, the tombstone alone is left.
        """
        key = reads.read_key(record)
        waiting = self._waiting[Account(key.source, key.label)]
        request = reads.read(record)
        known = waiting.get(key)
        if request is not None:
            # Joined with one that waits already.
            asked = min(known.asked, request.asked) if known else request.asked
            waiting[key] = Waiting(record, asked, *((known.tries, known.due) if known else ()))
            return None
        return None if self.answered(key, reads.answered(record)) else key

    def answered(self, key: ReadKey, offset: int) -> bool:
        """Forget a record, answered up to an offset; False if a later request waits."""
        waiting = self._waiting[Account(key.source, key.label)]
        known = waiting.get(key)
        if known is not None and known.request.offset <= offset:
            del waiting[key]
        return key not in waiting

    def accounts(self) -> list[Account]:
        """Return the accounts of which something waits."""
        return [account for account, waiting in self._waiting.items() if waiting]

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yield how many records wait, by source."""
        found: dict[str, int] = defaultdict(int)
        for account, waiting in self._waiting.items():
            found[account.source] += len(waiting)
        yield from found.items()

    def due(self, account: Account, now: int, most: dict[str, int]) -> dict[ReadKey, Waiting]:
        """Return the records to read next: of one kind, the one that waits longest first.

        `most` is how many a request may name, by kind. One that has failed is read alone.
        """
        ready = sorted(
            ((each.asked, key) for key, each in self._waiting[account].items() if each.due <= now),
        )
        if not ready:
            return {}
        waiting = self._waiting[account]
        first = ready[0][1]
        found = {first: waiting[first]}
        if waiting[first].tries == 0:
            same = (
                key for _, key in ready[1:] if key.kind == first.kind and not waiting[key].tries
            )
            for key in list(same)[: most.get(first.kind, 1) - 1]:
                found[key] = waiting[key]
        return found

    def next_due(self, account: Account) -> int | None:
        """Return when something of an account is due, or None."""
        return min((each.due for each in self._waiting[account].values()), default=None)

    def fail(self, key: ReadKey, due: int) -> None:
        """Let a record wait until an instant, having failed once more."""
        waiting = self._waiting[Account(key.source, key.label)].get(key)
        if waiting is not None:
            waiting.tries += 1
            waiting.due = due

    def clear(self) -> None:
        """Forget everything: another process has the topic now."""
        self._waiting.clear()
