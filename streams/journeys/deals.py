"""A deal: its patched fields, its status history, and what came before its win."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from streams.engine.aggregate.attribution import (
    AttributionSteps,
    attributed_at,
    attribution,
)
from streams.engine.aggregate.entry import Entry, latest
from streams.engine.algebra.money import (
    Money,
    exact,
    round_half_up,
)
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.engine.catalogue.kpi import UNPRICED, Unpriced
from streams.events import DealChanged, DealDeleted
from streams.journeys.leads import Touch


class Origin:
    """What a deal knows of the subject it came from."""

    __slots__ = (
        "dimensions",
        "first_collateral",
        "had_cold_call",
        "latest",
        "lead_created",
        "reps",
        "touches",
    )

    def __init__(
        self,
        lead_created: int | None,
        dimensions: Dimensions,
        touches: Sequence[Touch],
        had_cold_call: bool,
        latest: int,
        first_collateral: int | None,
        reps: Mapping[int, str],
    ) -> None:
        """Take the lead's creation and dimensions (empty: no lead) and the subject's history.

        `reps` says since when the lead has had which rep.
        """
        self.lead_created = lead_created
        self.dimensions = dimensions
        self.touches = touches
        self.had_cold_call = had_cold_call
        self.latest = latest
        self.first_collateral = first_collateral
        self.reps = reps


class Deal:
    """A deal that is not deleted; instants in ms, None where it never was.

    It stands as it is now: a deal that changed owner or amount counts as if it had always had
    the present one, save where the definitions in force say otherwise.
    """

    dimensions: Dimensions

    def __init__(
        self, entries: Sequence[Entry], origin: Origin, context: EvaluationContext
    ) -> None:
        """Take the deal's own changes, by (at, id), at least one."""
        self.entries = entries
        self.origin = origin
        self.context = context
        self.name: str = entries[0].event.deal  # type: ignore[attr-defined]  # the row sorted them
        self.created = entries[0].at
        self.amount: str | None = None
        self.currency: str | None = None
        self.probability: float | None = None
        self.expected_close: date | None = None
        self.status = "open"
        self.closed: int | None = None
        # When each of its stages was first entered, in that order.
        self.stage_entries: dict[str, int] = {}
        self._worth: dict[tuple[Money, int], int | Unpriced] = {}
        self.money: Money | None = None
        self._read(entries)

    def _read(self, entries: Sequence[Entry]) -> None:
        rep = channel = partner = product = stage = account = ""
        for at, _, event in entries:
            assert isinstance(event, DealChanged)  # noqa: S101 - for the type checker: the row sorted them
            if event.status is not None and event.status != self.status:
                self.status = event.status
                self.closed = None if event.status == "open" else at
            self.amount = event.amount or self.amount
            self.currency = event.currency or self.currency
            if event.probability is not None:
                self.probability = event.probability
            self.expected_close = event.expected_close or self.expected_close
            # A field sent empty is carried, and clears what was.
            rep = rep if event.rep is None else event.rep
            channel = channel if event.channel is None else event.channel
            partner = partner if event.partner is None else event.partner
            product = product if event.product is None else event.product
            if event.stage is not None:
                stage = event.stage
                if stage:
                    self.stage_entries.setdefault(stage, at)
            account = account if event.account is None else event.account
        if self.status == "won" and self.context.definitions.choices.win == "first":
            self.closed = next(e.at for e in entries if getattr(e.event, "status", None) == "won")
        if self.amount and self.currency:
            self.money = Money(self.amount, self.currency)
        lead = self.origin.dimensions.values
        self.stage = stage
        self.dimensions = dimensions(
            rep or lead[0],
            channel or lead[1],
            lead[2],
            lead[3],
            partner or lead[4],
            product or lead[5],
            stage,
            account,
        )

    @property
    def won(self) -> int | None:
        """When it was won, if it is won now."""
        return self.closed if self.status == "won" else None

    @property
    def lost(self) -> int | None:
        """When it was lost, if it is lost now."""
        return self.closed if self.status == "lost" else None

    @property
    def outcome_at(self) -> int | None:
        """The instant by which close rates count it, if it is won or lost now."""
        is_by_creation = self.context.definitions.choices.close_rate_by == "creation"
        return self.created if is_by_creation and self.closed is not None else self.closed

    @property
    def reason(self) -> str:
        """Why, by the last change that says so."""
        return latest(self.entries, "reason")

    def worth(self, at: int) -> int | Unpriced | None:
        """Give its amount in minor units at the rate of an instant's date; None: no amount.

        Or of the date it closed, if it has and the definitions say so.
        """
        return self._priced(self.money, at)

    def outcome_worth(self, at: int) -> int | Unpriced | None:
        """Give what was won or lost, as `worth` does: what a lost deal was worth while open."""
        lost = self.lost
        if lost is None or self.context.definitions.choices.lost_amount == "latest":
            return self.worth(at)
        before = [entry for entry in self.entries if entry.at < lost]
        amount = latest(before, "amount") or self.amount
        currency = latest(before, "currency") or self.currency
        return self._priced(Money(amount, currency), at) if amount and currency else None

    def _priced(self, money: Money | None, at: int) -> int | Unpriced | None:
        if money is None:
            return None
        if self.closed is not None and self.context.definitions.choices.conversion == "close":
            at = self.closed
        # Half a dozen KPIs ask, nearly all for one of two instants.
        found = self._worth.get((money, at))
        if found is None:
            minor = self.context.rates.priced(money, self.context.calendar.day(at))
            found = self._worth[money, at] = UNPRICED if minor is None else minor
        return found

    @cached_property
    def attribution(self) -> AttributionSteps:
        """Whose it was when, if facts belong to the rep of then."""
        if self.context.definitions.choices.owner == "now":
            return ()
        own = {
            at: event.rep
            for at, _, event in self.entries
            if isinstance(event, DealChanged) and event.rep is not None
        }
        return attribution(own, self.dimensions, self.origin.reps)

    def placed(self, at: int) -> Dimensions:
        """Give its dimensions as facts of an instant have them."""
        return attributed_at(self.attribution, self.dimensions, at)

    def weighted(self) -> int | Unpriced | None:
        """Give its amount at creation's rate times its probability, to a minor unit.

        The probability is its own, else its stage's by the settings; None where there is none.
        """
        table = self.context.definitions.stage_probability
        share = table.get(self.stage) if self.probability is None else None
        if self.probability is not None:
            # The decimal that was written, not the binary float nearest to it.
            share = format(Decimal(repr(self.probability)), "f")
        if share is None:
            return None
        worth = self.worth(self.created)
        if not isinstance(worth, int):
            return worth
        chance = exact(share)
        return round_half_up(worth * chance.numerator, chance.denominator)

    @cached_property
    def touches_before_win(self) -> int:
        """How many human touches came before the win."""
        if self.won is None:
            return 0
        return bisect_left(self.origin.touches, self.won, key=lambda touch: touch.at)

    def went_on(self, stage: str) -> bool:
        """Tell whether it is won, or first entered a later stage after this one."""
        if self.won is not None:
            return True
        entered = list(self.stage_entries)
        after = range(entered.index(stage) + 1, len(entered))
        return any(self._is_later(entered[number], stage) for number in after)

    @property
    def advances(self) -> Iterator[int]:
        """When it first entered a stage later than one it had been in, and when it was won."""
        entered = list(self.stage_entries)
        for number, stage in enumerate(entered):
            if any(self._is_later(stage, entered[before]) for before in range(number)):
                yield self.stage_entries[stage]
        if self.won is not None:
            yield self.won

    def _is_later(self, stage: str, than: str) -> bool:
        """Compare two stages by the order that is set; one it lacks is a step like any other."""
        order = self.context.definitions.stages
        if stage in order and than in order:
            return order.index(stage) > order.index(than)
        return True


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Give the changes of a deal, or nothing if it is deleted.

    A deletion holds until a change with a greater `at`.
    """
    changes = [entry for entry in entries if isinstance(entry.event, DealChanged)]
    deleted = [entry.at for entry in entries if isinstance(entry.event, DealDeleted)]
    if not changes or (deleted and max(deleted) >= changes[-1].at):
        return []
    return changes
