"""The forecast: what is won so far, and what the open deals due in the window are likely to add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.entities.facts import Fact, Reporting
from tests.oracle.entities.journeys import Deal
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


@dataclass(frozen=True)
class OpenDeal:
    """A deal that is open now, in a stage, has a price and is expected to close."""

    stage: str
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
        """`deals` are all deals; below the floor of closed ones a stage's configured rate holds."""
        self.book = book
        self.reporting = reporting
        self.sample_floor = sample_floor
        self.open_deals = [found for deal in deals if (found := self.open_deal(deal)) is not None]
        closed = [it for it in deals if it.closed is not None and it.closed <= book.now]
        self.rates = {
            stage: WinRate(
                sum(stage in deal.entries and deal.won is not None for deal in closed),
                sum(stage in deal.entries for deal in closed),
            )
            for stage in {deal.stage for deal in self.open_deals}
        }

    def open_deal(self, deal: Deal) -> OpenDeal | None:
        """Read a deal as one to come; None where it is closed, in no stage, not priced, not due."""
        if deal.created > self.book.now or deal.closed is not None or deal.expected_close is None:
            return None
        if deal.amount is None or deal.currency is None or deal.stage is None:
            return None
        day = self.reporting.local_date(deal.created)
        minor = self.reporting.rates.minor(deal.amount, deal.currency, day)
        if minor is None:
            return None
        scopes = scopes_of(Fact("forecast", deal.created, deal.dimensions, {}), self.book.reps)
        due = date.fromisoformat(deal.expected_close)
        return OpenDeal(deal.stage, minor, due, scopes)

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

    def chance(self, stage: str) -> Fraction | None:
        """Give the share of deals that are won from a stage; None where nothing is known."""
        rate = self.rates[stage]
        if rate.closed >= self.sample_floor and rate.closed > 0:
            return Fraction(rate.won, rate.closed)
        return self.reporting.stage_probability.get(stage)


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
        """Give what is won, and the open deals by stage with what is known of the stage."""
        by_stage: dict[str, list[int]] = {}
        for deal in self.prospect.due(self.scope, window):
            if self.prospect.chance(deal.stage) is not None:
                by_stage.setdefault(deal.stage, []).append(deal.minor)
        return {
            "revenue_won": self.revenue.parts(window),
            "open": {stage: self.stage(stage, minors) for stage, minors in by_stage.items()},
        }

    def stage(self, stage: str, minors: Sequence[int]) -> Mapping[str, int]:
        """Give the parts of one stage."""
        rate = self.prospect.rates[stage]
        return {
            "sum": sum(minors),
            "count": len(minors),
            "won": rate.won,
            "closed": rate.closed,
        }

    def number(self, window: Window) -> int:
        """Add up what is won and what is likely."""
        parts = self.parts(window)
        total: int = parts["revenue_won"]["sum"]
        for stage, of_stage in parts["open"].items():
            chance = self.prospect.chance(stage)
            assert chance is not None
            total += round_half_up(of_stage["sum"] * chance)
        return total

    def percentiles(self, _window: Window) -> None:
        """The oracle draws none: they come from chance."""
