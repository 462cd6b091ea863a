"""The forecast: what is won so far, and what open deals due in the window are likely to add."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.entities.deal import Deal
from tests.oracle.entities.facts import Reporting
from tests.oracle.formulas.book import (
    Book,
    Scope,
    scopes_of,
)
from tests.oracle.formulas.series import Counted
from tests.oracle.formulas.targets import Targets
from tests.oracle.history.money import round_half_up
from tests.oracle.history.windows import Window

KINDS = ("week", "month", "quarter", "year")
# A stage is a stage of its pipeline.
Stage = tuple[str | None, str]


@dataclass(frozen=True)
class OpenDeal:
    """A deal that is open now, has a price and is expected to close.

    `probability` is its own.
    """

    stage: Stage | None
    probability: Fraction | None
    minor: int
    due: date
    scopes: Sequence[Scope]


@dataclass(frozen=True)
class WinRate:
    """How the closed deals ended that had entered a stage."""

    won: int
    closed: int


class Prospect:
    """The open deals of a company, and how deals of each stage have ended."""

    def __init__(
        self, deals: Sequence[Deal], book: Book, reporting: Reporting, sample_floor: int
    ) -> None:
        """`deals` are all deals; below the floor of closed ones other rates hold."""
        self.book = book
        self.reporting = reporting
        self.sample_floor = sample_floor
        self.open_deals = [found for deal in deals if (found := self.open_deal(deal)) is not None]
        closed = [deal for deal in deals if deal.closed is not None]
        self.rates = {
            stage: WinRate(
                sum(stage in entered(deal) and deal.won is not None for deal in closed),
                sum(stage in entered(deal) for deal in closed),
            )
            for stage in {deal.stage for deal in self.open_deals}
            if stage is not None
        }

    def open_deal(self, deal: Deal) -> OpenDeal | None:
        """A deal as one to come; None where it is closed, not priced or not due."""
        amount, expected = deal.value("amount"), deal.value("expected_close")
        if deal.closed is not None or amount is None or expected is None:
            return None
        day = self.reporting.local_date(deal.created)
        minor = self.reporting.rates.minor(amount, deal.value("currency"), day)
        stage, probability = deal.value("stage"), deal.value("probability")
        if minor is None:
            return None
        now = self.book.now
        dimensions = deal.dimensions_at(now, self.reporting.definitions)
        dimensions = self.book.organisation.values(dimensions, now)
        return OpenDeal(
            stage=None if stage is None else (deal.value("pipeline"), stage),
            probability=None if probability is None else Fraction(probability),
            minor=minor,
            due=date.fromisoformat(expected),
            scopes=scopes_of("forecast", dimensions, None),
        )

    def due(self, scope: Scope, window: Window) -> list[OpenDeal]:
        """List the open deals expected to close in a window: in one that is over, none can."""
        if window.end <= self.book.now:
            return []
        return [
            deal
            for deal in self.open_deals
            if scope in deal.scopes
            and self.reporting.calendar.window(window.kind, deal.due) == window
        ]

    def chance(self, deal: OpenDeal) -> Fraction | None:
        """How likely a deal is won; None where nothing is known.

        The share won of its stage, or with too few closed deals its own probability, else the
        one set for the stage.
        """
        if deal.stage is None:
            return deal.probability
        rate = self.rates[deal.stage]
        if rate.closed >= self.sample_floor and rate.closed > 0:
            return Fraction(rate.won, rate.closed)
        if deal.probability is not None:
            return deal.probability
        pipeline, stage = deal.stage
        return self.reporting.ladder(pipeline).probability.get(stage)


def entered(deal: Deal) -> set[Stage]:
    """The stages a deal was ever in."""
    return {(entry.pipeline, entry.stage) for entry in deal.entries}


class Forecast:
    """The forecast in one scope."""

    def __init__(self, prospect: Prospect, targets: Targets, scope: Scope) -> None:
        """`prospect` is the whole company's."""
        self.prospect = prospect
        self.aimed = targets.windows("revenue_won", scope)
        self.scope = scope
        self.revenue = prospect.book.of("revenue_won", scope)

    def published(self) -> list[Window]:
        """List the running windows with a win, with a target for wins, or with an open deal."""
        book = self.prospect.book
        assert isinstance(self.revenue, Counted)
        return [
            window
            for window in book.calendar.windows_of(book.now, hourly=False)
            if window.kind in KINDS
            and (
                window in self.revenue.totals
                or window in self.aimed
                or self.prospect.due(self.scope, window)
            )
        ]

    def parts(self, window: Window) -> dict[str, Any]:
        """What is won, and the open deals of each stage."""
        likely = {
            "/".join(part or "" for part in stage or ()): {
                "sum": sum(minor for minor, _ in deals),
                "count": len(deals),
            }
            for stage, deals in self.stages(window).items()
        }
        return {"revenue_won": self.revenue.parts(window), "open": likely}

    def stages(self, window: Window) -> dict[Stage | None, list[tuple[int, Fraction]]]:
        """The amounts of the open deals of each stage, and how likely each deal is won."""
        found: dict[Stage | None, list[tuple[int, Fraction]]] = {}
        for deal in self.prospect.due(self.scope, window):
            chance = self.prospect.chance(deal)
            if chance is not None:
                found.setdefault(deal.stage, []).append((deal.minor, chance))
        return found

    def number(self, window: Window) -> int:
        """Add up what is won and what is likely; each stage is rounded once."""
        won: int = self.revenue.parts(window)["sum"]
        stages = self.stages(window).values()
        return won + sum(
            round_half_up(sum((minor * chance for minor, chance in deals), Fraction()))
            for deals in stages
        )

    def percentiles(self, _window: Window) -> None:
        """The oracle draws none: they come from chance."""
