"""What came of an attempt to send a message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver does not want it, and would not when asked again soon."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """To be sent again: the receiver was not there, was busy, or its answer was lost.

    Attributes:
        after_ms: When the receiver asked for it; None if it did not say.
        is_uncertain: Whether it may have the message all the same.
    """

    reason: str
    after_ms: int | None = None
    is_uncertain: bool = True


Outcome = Accepted | Refused | Unanswered
