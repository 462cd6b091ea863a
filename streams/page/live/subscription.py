"""One reader's way through the changes: what it is sent next, as server-sent events."""

import re
from collections.abc import Sequence

import orjson

from streams.output.keys import ALL
from streams.page.access.viewer import Viewer
from streams.page.live.store import ChangeLog, Entry, Store, merged
from streams.page.selection import Selection

# Of one piece: as much as is written before other readers have their turn.
PIECE_BYTES = 32 * 1024
PIECE_ENTRIES = 1_000
EVENT_ID = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")


def event_id(store: Store, position: int) -> str:
    """Write a position as the id of an event."""
    return f"{store.epoch}-{position}"


class Subscription:
    """Follows the entries that a viewer may see and has asked for.

    `last_id` is the id of the last event that the reader has; one that is not known here, or for
    which too much was forgotten since, makes it begin again: `event: reset` says so, and all
    current records follow.

    Alerts are those of the scopes that are asked for. Those of single reps belong to `all`, too.
    """

    def __init__(
        self, store: Store, viewer: Viewer, selection: Selection, last_id: str | None = None
    ) -> None:
        self._store = store
        self._selection = selection
        self._scopes = viewer.seen_of(selection.scopes)
        wants_all = selection.scopes is None or ALL in selection.scopes
        self._owners = viewer.seen_of(None) if wants_all else self._scopes
        # Whether the last piece left some of what is there already.
        self.has_more = True
        self._is_ready = False
        self._is_reset = False
        self._begun_at = 0
        self._position = 0
        known = self._known(last_id)
        if known is None:
            self._begin()
        else:
            self._position = self._begun_at = known

    @property
    def logs(self) -> Sequence[ChangeLog]:
        """The logs that have what is followed; more may come with the first record of a scope."""
        return (
            *self._store.kpis.logs(self._scopes),
            *self._store.alerts.logs(self._owners),
        )

    @property
    def changed_at_ms(self) -> int:
        """When anything that is followed changed last, in milliseconds since 1970; 0: never."""
        return max((log.changed_at_ms for log in self.logs), default=0)

    def next_piece(self) -> bytes:
        """Return the next events, at most about PIECE_BYTES; empty when there are none for now.

        Each key comes once with its newest record, however long ago the last piece was.
        """
        if self._store.floor > max(self._begun_at, self._position):
            # Withdrawals that this reader has not been sent are forgotten.
            self._begin()
        if self._is_reset:
            return self._entries()
        self._is_reset = True
        return b"event: reset\ndata: {}\n\n" + self._entries()

    def _begin(self) -> None:
        """Begin with all records; those withdrawn before now have never been sent."""
        self._position = 0
        self._begun_at = self._store.advance()
        self._is_ready = self._is_reset = False

    def _known(self, last_id: str | None) -> int | None:
        """Return the position of an id, None if this process does not know what came after it."""
        match = EVENT_ID.fullmatch(last_id or "")
        if match is None or match[1] != self._store.epoch:
            return None
        position = int(match[2])
        if not self._store.floor <= position <= self._store.position:
            return None
        self._is_reset = True
        return position

    def _entries(self) -> bytes:
        events: list[bytes] = []
        size = 0
        for scanned, entry in enumerate(merged(self.logs, self._position), 1):
            self._position = entry.position
            if self._has(entry):
                events.append(self._event(entry))
                size += len(events[-1])
            if size >= PIECE_BYTES or scanned >= PIECE_ENTRIES:
                self.has_more = True
                return b"".join(events)
        self.has_more = False
        self._position = self._store.advance()
        if not self._is_ready:
            self._is_ready = True
            events.append(self._ready())
        return b"".join(events)

    def _has(self, entry: Entry) -> bool:
        if entry.record is None and entry.position <= self._begun_at:
            return False
        return entry.is_alert or self._selection.has(entry.kpi, entry.window, entry.start)

    def _event(self, entry: Entry) -> bytes:
        return b'event: %b\nid: %b\ndata: {"key":%b,"record":%b}\n\n' % (
            b"alert" if entry.is_alert else b"record",
            event_id(self._store, entry.position).encode(),
            orjson.dumps(entry.key),
            b"null" if entry.record is None else entry.record,
        )

    def _ready(self) -> bytes:
        """Write the event that follows all current records; its id is what to resume from."""
        name = event_id(self._store, self._position).encode()
        return b'event: ready\nid: %b\ndata: {"position":"%b"}\n\n' % (name, name)
