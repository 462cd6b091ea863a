"""The outbox of one recipient of a report: since when, what was sent, and what is on its way."""

from msgspec import Struct

from streams.notify.core.message import Recipient, ReportMessage


class ReportState(Struct, frozen=True):
    """What is kept of a recipient.

    Attributes:
        since: From when on it gets the report, in milliseconds.
        window: The kind of window of the last report that is done; empty: none is.
        first_day: Of that window, a proleptic ordinal.
        message: The report on its way.
    """

    since: int
    window: str = ""
    first_day: int = 0
    message: ReportMessage | None = None


class ReportOutbox:
    """Keeps one recipient's reports, at most one of which is on its way.

    One that is not accepted is sent again under its id, until the next one is due.

    Attributes:
        recipient: Whose outbox it is.
        message: The report on its way, until it is answered.
        retry_at: Nothing is sent before, in milliseconds.
    """

    def __init__(self, recipient: Recipient, state: ReportState) -> None:
        self.recipient = recipient
        self.message = state.message
        self.retry_at = 0
        self._since, self._window, self._first_day = state.since, state.window, state.first_day

    @property
    def state(self) -> ReportState:
        """What is to be kept now."""
        return ReportState(self._since, self._window, self._first_day, self.message)

    @property
    def pending(self) -> int:
        """How many reports are on their way."""
        return 0 if self.message is None else 1

    @property
    def pending_since(self) -> int | None:
        """When the report on its way was composed, in milliseconds; None if none is."""
        return None if self.message is None else self.message.at

    def is_due(self, at: int, window: str, first_day: int) -> bool:
        """Whether the report of a window, due at an instant, has to be sent."""
        is_done = window == self._window and first_day <= self._first_day
        return self.message is None and at >= self._since and not is_done

    def send(self, message: ReportMessage) -> None:
        """Put a report on its way; the caller keeps it before it is sent."""
        self.message, self.retry_at = message, 0

    def accepted(self, at: int) -> ReportMessage:  # noqa: ARG002 - of Outbox
        """Note that the report on its way was accepted, and return it."""
        return self._done()

    def refused(self, retry_at: int) -> bool:
        """Note that the report was not accepted, and whether it is no longer to be sent."""
        self.unanswered(retry_at, is_uncertain=False)
        return self.message is None

    def unanswered(self, retry_at: int, *, is_uncertain: bool) -> None:  # noqa: ARG002 - of Outbox
        """Note that the same report is to be sent again from an instant on."""
        self.retry_at = retry_at
        self.give_up(retry_at)

    def give_up(self, at: int) -> None:
        """Send the report on its way no longer, if the next one is due at an instant."""
        if self.message is not None and at >= self.message.ends_at:
            self._done()

    def _done(self) -> ReportMessage:
        message = self.message
        if message is None:
            raise RuntimeError(f"no report to {self.recipient} is on its way")
        self._window, self._first_day = message.window, message.first_day
        self.message, self.retry_at = None, 0
        return message
