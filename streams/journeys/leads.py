"""A lead: its origin, its rep, its human touches and its outcome."""

from collections.abc import Sequence

from msgspec import Struct

from streams.engine.aggregate.attribution import AttributionSteps, attributed_at
from streams.engine.calendars.calendar import HOUR_MS
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions


class Touch(Struct, frozen=True, gc=False):
    """A person reached out: an outbound call or an email, not automated."""

    at: int
    rep: str


class Lead(Struct, frozen=True, gc=False):
    """A lead and its human touches, earliest first; instants in ms, None where there is none.

    `first_touch` is the first at or after creation. `attribution` has its rep over time, where
    facts belong to the rep of their instant.
    """

    created: int
    touches: Sequence[Touch]
    first_touch: Touch | None
    qualified: int | None
    disqualified: int | None
    is_handed_over: bool
    has_won: bool
    dimensions: Dimensions
    attribution: AttributionSteps
    context: EvaluationContext

    @property
    def waited(self) -> int | None:
        """The time to its first touch, by the working hours of the rep who answered."""
        touch = self.first_touch
        return None if touch is None else self.context.waiting_ms(self.created, touch.at, touch.rep)

    @property
    def answer_due(self) -> int:
        """The end of the first hour, by the working hours of the lead's rep."""
        return self.waits_until(HOUR_MS)

    @property
    def overdue_since(self) -> int:
        """The instant after the end of the first hour."""
        return self.waits_until(HOUR_MS + 1)

    def waits_until(self, length: int) -> int:
        """Give when it has waited `length` ms, by the working hours of the lead's rep."""
        rep = attributed_at(self.attribution, self.dimensions, self.created).values[0]
        return self.context.instant_after(self.created, length, rep)

    @property
    def answered_by(self) -> Dimensions:
        """The lead's dimensions with the rep of the first touch."""
        touch = self.first_touch
        return self.dimensions.with_rep(touch.rep) if touch else self.dimensions
