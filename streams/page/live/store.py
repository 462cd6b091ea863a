"""The newest records of the output in memory, in the order of their last change.

Readers keep a position alone. The changes after a position are found by bisection, each key once
with its newest record: however slow a reader is, nothing is kept for it.
"""

import asyncio
import secrets
import time
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from heapq import merge
from operator import attrgetter
from sys import intern
from typing import Any

from streams.engine.catalogue.catalogue import SETTINGS
from streams.page.live.withdrawn import Withdrawals

# Withdrawn keys that are remembered for readers who come back; who missed more begins again.
REMEMBERED_TOMBSTONES = 10_000
# Entries that have been superseded are removed once they are more than those that are not.
UNCOMPACTED = 256

by_position = attrgetter("position")


class Entry:
    """A key with its newest record, None once it is withdrawn.

    Attributes:
        scope: Whose it is, as in keys: `all`, `rep=ann`; empty for nobody's.
        position: That of its last change; see `Store.advance`.
        is_alert: Whether it is of `sales.alerts`. `kpi`, `window` and `start` are empty then.
    """

    __slots__ = ("is_alert", "key", "kpi", "position", "record", "scope", "start", "window")

    def __init__(self, key: str, scope: str, kpi: str = "", window: str = "", start: str = ""):
        self.key = key
        self.scope = intern(scope)
        self.kpi = intern(kpi)
        self.window = intern(window)
        self.start = intern(start)
        self.is_alert = not kpi
        self.record: bytes | None = None
        self.position = 0


class ChangeLog:
    """Entries in the order of their last change; `changed_at_ms` is when that was, 0 for never."""

    def __init__(self) -> None:
        self.changed_at_ms = 0
        self._positions = array("q")
        self._entries: list[Entry] = []
        self._superseded = 0

    def __len__(self) -> int:
        """Return how many items are held, superseded ones included."""
        return len(self._entries)

    def append(self, entry: Entry, *, is_new: bool) -> None:
        """Add an entry whose position has just become the greatest."""
        self._positions.append(entry.position)
        self._entries.append(entry)
        if not is_new:
            self.supersede()

    def supersede(self) -> None:
        """Count an item that is no longer its entry's position, or whose entry is forgotten."""
        self._superseded += 1
        if self._superseded > max(UNCOMPACTED, len(self._entries) // 2):
            kept = [
                (position, entry)
                for position, entry in zip(self._positions, self._entries, strict=True)
                if entry.position == position
            ]
            self._positions = array("q", (position for position, _ in kept))
            self._entries = [entry for _, entry in kept]
            self._superseded = 0

    def after(self, position: int) -> Iterator[Entry]:
        """Yield the entries changed after a position, oldest change first.

        The iterator is used up, or left, before anything else changes.
        """
        positions, entries = self._positions, self._entries
        for index in range(bisect_right(positions, position), len(entries)):
            entry = entries[index]
            if entry.position == positions[index]:
                yield entry


class Changes:
    """The entries of one topic: one log of all, and one of each scope."""

    def __init__(self) -> None:
        self._all = ChangeLog()
        self._by_scope: dict[str, ChangeLog] = {}

    def logs(self, scopes: Collection[str] | None) -> list[ChangeLog]:
        """Give the logs of some scopes; None stands for everything."""
        if scopes is None:
            return [self._all]
        return [log for scope in scopes if (log := self._by_scope.get(scope)) is not None]

    def scopes(self) -> Iterable[str]:
        """Give every scope that has, or has had, an entry."""
        return self._by_scope.keys()

    def append(self, entry: Entry, changed_at_ms: int, *, is_new: bool) -> None:
        """Add an entry, whose position has just become the greatest."""
        log = self._by_scope.get(entry.scope)
        if log is None:
            log = self._by_scope[entry.scope] = ChangeLog()
        for each in (self._all, log):
            each.append(entry, is_new=is_new)
            each.changed_at_ms = max(each.changed_at_ms, changed_at_ms)

    def supersede(self, scope: str) -> None:
        """Count an entry of a scope that is forgotten."""
        self._all.supersede()
        self._by_scope[scope].supersede()


class Store:
    """Entries of `sales.kpis` and `sales.alerts`, and the catalogue, for any number of readers.

    A position is a time in microseconds that only ever rises: it says when something changed, and
    not how much. `epoch` tells the positions of one process from those of another.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self.kpis = Changes()
        self.alerts = Changes()
        self.withdrawn_alerts = Withdrawals()
        self.catalogue: dict[str, dict[str, Any]] = {}
        self.epoch = secrets.token_hex(4)
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._tombstones: deque[tuple[int, str, Entry]] = deque()
        self._position = 0
        self._changed = asyncio.Event()
        # Below this, withdrawals are no longer known.
        self.floor = self.advance()

    def advance(self) -> int:
        """Give a position that is greater than any before it, and no later change is below it."""
        self._position = max(self._position + 1, self._clock() // 1_000)
        return self._position

    @property
    def position(self) -> int:
        """The greatest position that has been given."""
        return self._position

    def update(self, name: str, entry: Callable[[], Entry], record: bytes, at_ms: int) -> None:
        """Replace the record of an entry; `entry` makes it if `name` is not known yet."""
        found = self._entries.get(name)
        is_new = found is None
        if found is None:
            found = self._entries[name] = entry()
        self._change(found, record, at_ms, is_new=is_new)

    def withdraw(self, name: str) -> bytes | None:
        """Withdraw the record of an entry, and return it; one not known has never been seen."""
        entry = self._entries.get(name)
        if entry is None or entry.record is None:
            return None
        withdrawn = entry.record
        self._change(entry, None, self.now_ms, is_new=False)
        self._tombstones.append((entry.position, name, entry))
        while len(self._tombstones) > REMEMBERED_TOMBSTONES:
            self._forget(*self._tombstones.popleft())
        return withdrawn

    @property
    def now_ms(self) -> int:
        """The time in milliseconds since 1970."""
        return self._clock() // 1_000_000

    @property
    def kpi_names(self) -> list[str]:
        """The KPIs that the catalogue has."""
        return [name for name in self.catalogue if name != SETTINGS]

    @property
    def next_change(self) -> asyncio.Event:
        """What is set at the next change of anything; ask for it before looking what there is."""
        return self._changed

    def _change(self, entry: Entry, record: bytes | None, at_ms: int, *, is_new: bool) -> None:
        entry.record = record
        entry.position = self.advance()
        changes = self.alerts if entry.is_alert else self.kpis
        changes.append(entry, at_ms, is_new=is_new)
        self.wake()

    def wake(self) -> None:
        """Wake everyone who waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _forget(self, position: int, name: str, entry: Entry) -> None:
        if entry.position != position:
            return
        del self._entries[name]
        self.floor = position
        # No log's item has this position any more.
        entry.position = -1
        (self.alerts if entry.is_alert else self.kpis).supersede(entry.scope)


def merged(logs: Collection[ChangeLog], position: int) -> Iterator[Entry]:
    """Yield the entries of several logs changed after a position, oldest change first."""
    found = [log.after(position) for log in logs]
    return found[0] if len(found) == 1 else merge(*found, key=by_position)
