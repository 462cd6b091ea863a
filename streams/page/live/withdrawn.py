"""The alerts that were withdrawn lately, with their last record."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

# More than a day has, of which a page shows the newest.
MOST_WITHDRAWN = 5_000


class Withdrawal(NamedTuple):
    """An alert that no longer holds.

    Attributes:
        owner: whose it was, as in keys; empty for nobody's.
        record: as it was published last.
        at_ms: when it was withdrawn, in milliseconds since 1970.
    """

    key: str
    owner: str
    record: bytes
    at_ms: int


class Withdrawals:
    """The newest withdrawals, each alert once; those that stand again are none."""

    def __init__(self) -> None:
        self._found: dict[str, Withdrawal] = {}

    def add(self, withdrawal: Withdrawal) -> None:
        """Remember a withdrawal; the oldest makes room."""
        self._found.pop(withdrawal.key, None)
        self._found[withdrawal.key] = withdrawal
        if len(self._found) > MOST_WITHDRAWN:
            del self._found[next(iter(self._found))]

    def remove(self, key: str) -> None:
        """Forget an alert that stands again, if it was withdrawn."""
        self._found.pop(key, None)

    def since(self, at_ms: int, owners: Collection[str] | None) -> Iterator[Withdrawal]:
        """Yield the withdrawals of some owners from an instant on; None stands for all owners."""
        for found in self._found.values():
            if found.at_ms >= at_ms and (owners is None or found.owner in owners):
                yield found
