"""A lead: how it came, who has it, who touched it, what became of it."""

from collections.abc import Sequence

from msgspec import Struct

from streams.engine.calendar import HOUR_MS
from streams.engine.catalogue import Dimensions


class Touch(Struct, frozen=True, gc=False):
    """A person reached out: an outbound call or an email, not automated."""

    at: int
    rep: str


class Lead(Struct, frozen=True, gc=False):
    """A lead and its human touches, earliest first; instants in ms, None where it never was.

    `first_touch` is the first at or after creation.
    """

    created: int
    touches: Sequence[Touch]
    first_touch: Touch | None
    qualified: int | None
    disqualified: int | None
    is_handed_over: bool
    has_won: bool
    dimensions: Dimensions

    @property
    def answer_due(self) -> int:
        """The end of the first hour."""
        return self.created + HOUR_MS

    @property
    def answered_by(self) -> Dimensions:
        """The lead's dimensions with the rep of the first touch."""
        touch = self.first_touch
        return self.dimensions.with_rep(touch.rep) if touch else self.dimensions
