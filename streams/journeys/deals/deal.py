"""A deal: its fields now and over time, its outcome, and what came before its win."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache

from msgspec import UNSET

from streams.engine.aggregate.attribution import (
    AttributionSteps,
    attributed_at,
    attribution,
)
from streams.engine.aggregate.entry import Entry
from streams.engine.algebra.money import (
    Exact,
    Money,
    exact,
    round_half_up,
)
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.definitions import Carrier
from streams.engine.catalogue.dimensions import NO_OWN, Dimensions, OwnValues, dimensions
from streams.engine.catalogue.kpi import UNPRICED
from streams.events import DealChanged, DealDeleted
from streams.journeys.deals import stages
from streams.journeys.deals.fields import DealFields
from streams.journeys.deals.history import DealHistory
from streams.journeys.deals.levels import Span, Standing, Value
from streams.journeys.deals.origin import Origin
from streams.journeys.own_values import Custom, own_values


class Deal(DealHistory):
    """A deal that is not deleted; instants in ms, None where there is none.

    Outside of levels it has its present fields: a deal that changed owner or amount counts as if
    it had always had them, except where the definitions in force say otherwise.

    Attributes:
        attribution: Its rep over time, where facts belong to the rep of their instant.
        standings: Its open times, one for each state that it was in, in their order.
    """

    dimensions: Dimensions

    def __init__(
        self, entries: Sequence[Entry], origin: Origin, context: EvaluationContext
    ) -> None:
        """Read the deal's own changes, in their order, at least one."""
        super().__init__(entries)
        self.origin = origin
        self.context = context
        self._worth: dict[tuple[str, str, int], Value] = {}
        fields = self.fields
        if self.status == "won" and context.definitions.choices.win == "first":
            self.closed = next(e.at for e in entries if getattr(e.event, "status", None) == "won")
        subject = origin.dimensions.values
        self.dimensions = dimensions(
            fields.rep or subject[0],
            fields.channel or subject[1],
            subject[2],
            subject[3],
            fields.partner or subject[4],
            fields.product or subject[5],
            fields.pipeline or "",
            fields.stage or "",
            fields.account or "",
            self._own_values() if context.definitions.own_dimensions else NO_OWN,
        )
        is_by_event = context.definitions.choices.owner == "event"
        self.attribution: AttributionSteps = self._attribution() if is_by_event else ()
        self.standings = self._standings()

    def _own_values(self) -> OwnValues:
        fields = self.fields
        record = self.context.accounts.get(fields.account) if fields.account else None
        account = record.custom if record else None
        own: dict[Carrier, Custom] = {
            "deal": fields.custom,
            "lead": self.origin.custom,
            "account": account,
        }
        return own_values(self.context.definitions, own)

    @property
    def won(self) -> int | None:
        """When it was won, if it is won now."""
        return self.closed if self.status == "won" else None

    @property
    def lost(self) -> int | None:
        """When it was lost, if it is lost now."""
        return self.closed if self.status == "lost" else None

    @property
    def begun(self) -> int:
        """When its lead or it itself was created, whichever was earlier."""
        lead_created = self.origin.lead_created
        return self.created if lead_created is None else min(self.created, lead_created)

    @property
    def outcome_at(self) -> int | None:
        """The anchor of close rates, if it is won or lost now."""
        is_by_creation = self.context.definitions.choices.close_rate_by == "creation"
        return self.created if is_by_creation and self.closed is not None else self.closed

    @property
    def converted(self) -> Collection[str]:
        """The stages after which it entered a later one, or all if it is won."""
        if self.status == "won":
            return self.stage_entries
        return stages.converted(self.entered, self.context.definitions)

    @property
    def advances(self) -> Iterator[int]:
        """When it entered a stage later than the one just left, and when it was won."""
        yield from stages.advances(self.entered, self.context.definitions)
        if self.won is not None:
            yield self.won

    def worth(self, at: int) -> Value:
        """Give its amount in minor units at the rate of an instant's date; None: no amount.

        The definition `conversion` can replace that date by the close date.
        """
        return self._priced(self.fields.amount, self.fields.currency, at)

    def outcome_worth(self, at: int) -> Value:
        """Give the amount won or lost, as `worth` does, by the definition `lost_amount`."""
        fields, before = self.fields, self.before_close
        if self.lost is None or self.context.definitions.choices.lost_amount == "latest":
            return self.worth(at)
        return self._priced(before.amount or fields.amount, before.currency or fields.currency, at)

    def worth_then(self, fields: DealFields) -> Value:
        """Give the amount that it had then, at the rate of its creation, as `worth` does."""
        return self._priced(fields.amount, fields.currency, self.created)

    def weighted(self, fields: DealFields) -> Value:
        """Give the amount that it had then times its probability then, in minor units.

        The probability is its own, else that of its stage; None where there is none.
        """
        chance = self.chance(fields)
        if chance is None:
            return None
        worth = self.worth_then(fields)
        if not isinstance(worth, int):
            return worth
        return round_half_up(worth * chance.numerator, chance.denominator)

    def chance(self, fields: DealFields) -> Exact | None:
        """Give its own probability, else that set for its stage; None where there is none."""
        if fields.probability is not None:
            return written(fields.probability)
        table = self.context.definitions.stages_of(fields.pipeline or "")
        configured = table.probability.get(fields.stage or "")
        return None if configured is None else exact(configured)

    def _priced(self, amount: str | None, currency: str | None, at: int) -> Value:
        if not amount:
            return None
        if not currency:
            return UNPRICED
        if self.closed is not None and self.context.definitions.choices.conversion == "close":
            at = self.closed
        # Half a dozen KPIs ask, nearly all for one of two instants.
        found = self._worth.get((amount, currency, at))
        if found is None:
            money = Money(amount, currency)
            minor = self.context.rates.priced(money, self.context.calendar.day(at))
            found = self._worth[amount, currency, at] = UNPRICED if minor is None else minor
        return found

    def _attribution(self) -> AttributionSteps:
        own = {
            entry.at: entry.event.rep or ""
            for entry in self.entries
            if isinstance(entry.event, DealChanged) and entry.event.rep is not UNSET
        }
        return attribution(own, self.dimensions, self.origin.reps)

    def dimensions_at(self, at: int) -> Dimensions:
        """Give the dimensions of its facts at an instant."""
        return attributed_at(self.attribution, self.dimensions, at)

    def _standings(self) -> list[Standing]:
        found: list[Standing] = []
        own, (stage, pipeline) = self.dimensions, (self.fields.stage, self.fields.pipeline)
        end = None
        for at, fields in reversed(self.states):
            if fields.status is None or fields.status == "open":
                if fields.stage == stage and fields.pipeline == pipeline:
                    found.append((at, end, fields, own))
                else:
                    then = own.with_stage(fields.stage or "", fields.pipeline or "")
                    found.append((at, end, fields, then))
            end = at
        found.reverse()
        return (
            [part for each in found for part in self._by_rep(each)] if self.attribution else found
        )

    def _by_rep(self, standing: Standing) -> Iterator[Standing]:
        """Divide a standing where another rep comes to have the deal."""
        start, end, fields, own = standing
        changes = [at for at, _ in self.attribution if at > start and (end is None or at < end)]
        for begin, until in zip([start, *changes], [*changes, end], strict=True):
            yield begin, until, fields, own.with_rep(self.dimensions_at(begin).values[0])

    def _ungrouped(self, then: Dimensions) -> Dimensions:
        """Give the dimensions of a standing, but with the stage of now."""
        return self.dimensions.with_rep(then.values[0]) if self.attribution else self.dimensions

    def expired(self) -> Iterator[Span]:
        """Give the times after the expected close day, with what it was worth."""
        for start, end, fields, own in self.standings:
            if fields.expected_close is None:
                continue
            begin = max(start, self.context.calendar.end_of(fields.expected_close))
            if end is None or begin < end:
                yield begin, end, self.worth_then(fields), self._ungrouped(own)

    def stale(self) -> Iterator[Span]:
        """Give the times of its subject's silence, one deal each."""
        silences = self.origin.silences(self.context.definitions.stale_ms)
        for start, end, _, own in self.standings:
            # An event ends the silence and the standing, if not the rep's part of it.
            for begin, until in silences:
                if (end is None or begin < end) and (until is None or start < until):
                    yield max(begin, start), _earlier(end, until), 1, self._ungrouped(own)

    @cached_property
    def touches_before_win(self) -> int:
        """The number of human touches before the win."""
        if self.won is None:
            return 0
        return bisect_left(self.origin.touches, self.won, key=lambda touch: touch.at)


def _earlier(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


@lru_cache(maxsize=10_000)
def written(probability: float) -> Exact:
    """Give the decimal that was written, not the binary float nearest to it."""
    return exact(format(Decimal(repr(probability)), "f"))


def current_changes(entries: Sequence[Entry]) -> list[Entry]:
    """Give the changes of a deal, none if it is deleted: if the last event is its deletion."""
    if isinstance(entries[-1].event, DealDeleted):
        return []
    return [entry for entry in entries if isinstance(entry.event, DealChanged)]
