"""A deal: its patched fields, its status history, and what came before its win."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from msgspec import UNSET, Struct

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
    """What a deal reads of the subject that it came from.

    Attributes:
        dimensions: Those of the lead, empty where there is none.
        reps: The lead's rep from each instant on.
    """

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
        self.lead_created = lead_created
        self.dimensions = dimensions
        self.touches = touches
        self.had_cold_call = had_cold_call
        self.latest = latest
        self.first_collateral = first_collateral
        self.reps = reps


class DealFields(Struct, frozen=True, gc=False):
    """The fields of a deal that patches set alike; None: not known, never given or cleared."""

    amount: str | None = None
    currency: str | None = None
    expected_close: date | None = None
    rep: str | None = None
    channel: str | None = None
    partner: str | None = None
    product: str | None = None
    account: str | None = None

    def apply(self, patch: DealChanged) -> "DealFields":
        """Give the fields after a patch: what it does not name stays as it was."""
        # Written out: driven by a tuple of names, a deal of six changes took twice as long.
        return DealFields(
            self.amount if patch.amount is UNSET else patch.amount,
            self.currency if patch.currency is UNSET else patch.currency,
            self.expected_close if patch.expected_close is UNSET else patch.expected_close,
            self.rep if patch.rep is UNSET else patch.rep,
            self.channel if patch.channel is UNSET else patch.channel,
            self.partner if patch.partner is UNSET else patch.partner,
            self.product if patch.product is UNSET else patch.product,
            self.account if patch.account is UNSET else patch.account,
        )


NO_FIELDS = DealFields()


class Deal:
    """A deal that is not deleted; instants in ms, None where there is none.

    It has its present fields: a deal that changed owner or amount counts as if it had always had
    them, except where the definitions in force say otherwise.

    Attributes:
        created: The instant of its earliest event.
        closed: When the last unbroken run of its status began; None while it is open.
        stage_entries: When each of its stages was first entered, in that order.
    """

    dimensions: Dimensions

    def __init__(
        self, entries: Sequence[Entry], origin: Origin, context: EvaluationContext
    ) -> None:
        """Read the deal's own changes, by (at, id), at least one."""
        self.entries = entries
        self.origin = origin
        self.context = context
        self.name: str = entries[0].event.deal  # type: ignore[attr-defined]  # the journey sorted them
        self.created = entries[0].at
        self.status = "open"
        self.closed: int | None = None
        self.stage = ""
        self.stage_entries: dict[str, int] = {}
        self.probability: float | None = None
        self._worth: dict[tuple[Money, int], int | Unpriced] = {}
        fields = self.fields = self._read(entries)
        self.expected_close = fields.expected_close
        self.money: Money | None = None
        if fields.amount and fields.currency:
            self.money = Money(fields.amount, fields.currency)
        if self.status == "won" and context.definitions.choices.win == "first":
            self.closed = next(e.at for e in entries if getattr(e.event, "status", None) == "won")
        lead = origin.dimensions.values
        self.dimensions = dimensions(
            fields.rep or lead[0],
            fields.channel or lead[1],
            lead[2],
            lead[3],
            fields.partner or lead[4],
            fields.product or lead[5],
            self.stage,
            fields.account or "",
        )

    def _read(self, entries: Sequence[Entry]) -> DealFields:
        """Apply all changes. Status and stage have a history."""
        fields = NO_FIELDS
        for at, _, event in entries:
            assert isinstance(event, DealChanged)  # noqa: S101 - for the type checker: the journey sorted them
            fields = fields.apply(event)
            if isinstance(event.status, str) and event.status != self.status:
                self.status = event.status
                self.closed = None if event.status == "open" else at
            if event.stage is not UNSET:
                self.stage = event.stage or ""
                if event.stage:
                    self.stage_entries.setdefault(event.stage, at)
            if event.probability is not UNSET:
                self.probability = event.probability
        return fields

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
        """The anchor of close rates, if it is won or lost now."""
        is_by_creation = self.context.definitions.choices.close_rate_by == "creation"
        return self.created if is_by_creation and self.closed is not None else self.closed

    @property
    def reason(self) -> str:
        """The reason of the last change that names one."""
        return latest(self.entries, "reason")

    def worth(self, at: int) -> int | Unpriced | None:
        """Give its amount in minor units at the rate of an instant's date; None: no amount.

        The definition `conversion` can replace that date by the close date.
        """
        return self._priced(self.money, at)

    def outcome_worth(self, at: int) -> int | Unpriced | None:
        """Give the amount won or lost, as `worth` does, by the definition `lost_amount`."""
        lost = self.lost
        if lost is None or self.context.definitions.choices.lost_amount == "latest":
            return self.worth(at)
        before = [entry for entry in self.entries if entry.at < lost]
        amount = latest(before, "amount") or self.fields.amount
        currency = latest(before, "currency") or self.fields.currency
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
        """Its rep over time, where facts belong to the rep of their instant."""
        if self.context.definitions.choices.owner == "now":
            return ()
        own = {
            at: event.rep or ""
            for at, _, event in self.entries
            if isinstance(event, DealChanged) and event.rep is not UNSET
        }
        return attribution(own, self.dimensions, self.origin.reps)

    def dimensions_at(self, at: int) -> Dimensions:
        """Give the dimensions of its facts at an instant."""
        return attributed_at(self.attribution, self.dimensions, at)

    def weighted(self) -> int | Unpriced | None:
        """Give its amount at the rate of its creation times its probability, in minor units.

        The probability is its own, else that of its stage; None where there is none.
        """
        if self.probability is None:
            probability = self.context.definitions.stage_probability.get(self.stage)
        else:
            # The decimal that was written, not the binary float nearest to it.
            probability = format(Decimal(repr(self.probability)), "f")
        if probability is None:
            return None
        worth = self.worth(self.created)
        if not isinstance(worth, int):
            return worth
        chance = exact(probability)
        return round_half_up(worth * chance.numerator, chance.denominator)

    @cached_property
    def touches_before_win(self) -> int:
        """The number of human touches before the win."""
        if self.won is None:
            return 0
        return bisect_left(self.origin.touches, self.won, key=lambda touch: touch.at)

    def advanced_from(self, stage: str) -> bool:
        """Tell whether it is won, or first entered a later stage after this one."""
        if self.won is not None:
            return True
        entered = list(self.stage_entries)
        after = range(entered.index(stage) + 1, len(entered))
        return any(self._is_later(entered[number], stage) for number in after)

    @property
    def advances(self) -> Iterator[int]:
        """When it first entered a stage later than an earlier one, and when it was won."""
        entered = list(self.stage_entries)
        for number, stage in enumerate(entered):
            if any(self._is_later(stage, entered[before]) for before in range(number)):
                yield self.stage_entries[stage]
        if self.won is not None:
            yield self.won

    def _is_later(self, stage: str, than: str) -> bool:
        """Compare two stages by the configured order; a stage that it lacks is later than any."""
        order = self.context.definitions.stages
        if stage in order and than in order:
            return order.index(stage) > order.index(than)
        return True


def current_changes(entries: Sequence[Entry]) -> list[Entry]:
    """Give the changes of a deal, none if it is deleted.

    A deletion holds until a change with a greater `at`.
    """
    changes = [entry for entry in entries if isinstance(entry.event, DealChanged)]
    deleted = [entry.at for entry in entries if isinstance(entry.event, DealDeleted)]
    if not changes or (deleted and max(deleted) >= changes[-1].at):
        return []
    return changes
