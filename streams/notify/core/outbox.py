"""The outbox of one recipient: what it was sent, what holds now, and the message between them."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from streams.languages import LANGUAGES
from streams.notify.core.alert import Alert
from streams.notify.core.message import Action, Change, Message, Recipient, compose

# Changes that come together are sent together: once none has come for a while, or after long.
GATHER_MS, LONGEST_GATHER_MS = 2_000, 20_000
# Of one message; the next ones follow in the next message.
MOST_CHANGES = 2_000
QuietUntil = Callable[[str | None], int | None]


class Outbox:
    """Decides what one recipient is sent next.

    A recipient has one message on its way at a time. Nothing is composed before `begin`.

    Attributes:
        recipient: Whose outbox it is.
        message: The message on its way, kept under its id until it is answered.
        is_uncertain: Whether an answer to it may have been lost: then it must not be replaced.
        retry_at: Nothing is sent before, in milliseconds.
        sent_at: When the last message was accepted, in milliseconds; None: none was.
    """

    def __init__(
        self,
        recipient: Recipient,
        digest_ms: int,
        holds: Callable[[str], bool],
        language: str = LANGUAGES[0],
    ) -> None:
        """`holds` is whether there is an alert of a key, whoever's it is."""
        self.recipient = recipient
        self.message: Message | None = None
        self.is_uncertain = False
        self.retry_at = 0
        self._digest_ms = digest_ms
        self._language = language
        self._sent: dict[str, Alert] = {}
        self._current: dict[str, Alert] = {}
        self._holds = holds
        self._pending: dict[str, None] = {}
        self._first_at = self._last_at = 0
        self.sent_at: int | None = None
        self._has_begun = False

    @property
    def pending(self) -> int:
        """How many changes wait, with those of the message on its way."""
        return len(self._pending)

    @property
    def pending_since(self) -> int | None:
        """When the first change came that waits, in milliseconds; None if none does."""
        return self._first_at if self._pending else None

    @property
    def sent(self) -> Mapping[str, Alert]:
        """The alerts that the recipient knows of, by key."""
        return MappingProxyType(self._sent)

    def restore_sent(self, key: str, alert: Alert) -> None:
        """Restore that the recipient knows of an alert."""
        self._sent[key] = alert

    def restore_message(self, message: Message | None, sent_at: int | None) -> None:
        """Restore the message on its way, and when the last one was answered."""
        self.message, self.sent_at = message, sent_at
        self.is_uncertain = message is not None

    def begin(self, at: int) -> None:
        """Compare what holds now, all of which is known, with what was sent."""
        self._has_begun = True
        for key in [*self._sent, *self._current]:
            self._compare(key, at)

    def update(self, key: str, alert: Alert | None, at: int) -> None:
        """Note an alert that is for this recipient now, or None if it is not, at an instant."""
        if alert is None:
            self._current.pop(key, None)
        else:
            self._current[key] = alert
        self._compare(key, at)

    def compose(self, at: int, quiet_until: QuietUntil) -> Message | None:
        """Put the next message on its way if one is due; the caller keeps it before it is sent."""
        due_at = self.due_at(quiet_until)
        if self.message is not None or due_at is None or due_at > at:
            return None
        changes = [change for change in self._changes() if not self._is_quiet(change, quiet_until)]
        self.message = compose(self.recipient, at, changes[:MOST_CHANGES], self._language)
        self.is_uncertain = False
        return self.message

    def due_at(self, quiet_until: QuietUntil) -> int | None:
        """Return when something is to be sent, by the quiet hours of now; None: nothing is."""
        if self.message is not None:
            return self.retry_at
        if not self._has_begun or not self._pending:
            return None
        gathered = min(self._last_at + GATHER_MS, self._first_at + LONGEST_GATHER_MS)
        after_last = 0 if self.sent_at is None else self.sent_at + self._digest_ms
        ready = max(gathered, after_last, self.retry_at)
        ends = {quiet_until(rep) for rep in {change.alert.rep for change in self._changes()}}
        if None in ends:
            return ready
        return max(ready, min(end for end in ends if end is not None))

    def accepted(self, at: int) -> Message:
        """Note that the message on its way was accepted, and return it."""
        message = self._on_its_way()
        for change in message.changes:
            if change.action == "raised":
                self._sent[change.key] = change.alert
            else:
                self._sent.pop(change.key, None)
        self.message, self.sent_at, self.retry_at = None, at, 0
        # What waits beside it came later than what it had.
        self._first_at = self._last_at = at
        for change in message.changes:
            self._compare(change.key, at)
        return message

    def refused(self, retry_at: int) -> bool:
        """Note that the message was not accepted, and whether the next one may be another.

        One of which an answer may have been lost is kept under its id.
        """
        self._on_its_way()
        self.retry_at = retry_at
        if self.is_uncertain:
            return False
        self.message = None
        return True

    def unanswered(self, retry_at: int, *, is_uncertain: bool) -> None:
        """Note that the same message is to be sent again from an instant on."""
        self._on_its_way()
        self.retry_at = retry_at
        self.is_uncertain |= is_uncertain

    def _on_its_way(self) -> Message:
        if self.message is None:
            raise RuntimeError(f"no message to {self.recipient} is on its way")
        return self.message

    def _compare(self, key: str, at: int) -> None:
        """Note whether an alert waits to be sent, or taken back."""
        sent, current = self._sent.get(key), self._current.get(key)
        has_changed = (sent and sent.since) != (current and current.since)
        if not has_changed:
            self._pending.pop(key, None)
        elif key not in self._pending:
            if not self._pending:
                self._first_at = at
            self._last_at = at
            self._pending[key] = None

    def _changes(self) -> Iterator[Change]:
        for key in self._pending:
            alert = self._current.get(key)
            if alert is not None:
                yield Change(key, "raised", alert)
            else:
                action: Action = "moved" if self._holds(key) else "ended"
                yield Change(key, action, self._sent[key])

    def _is_quiet(self, change: Change, quiet_until: QuietUntil) -> bool:
        return quiet_until(change.alert.rep) is not None
