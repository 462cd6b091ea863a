"""All KPIs of a company: those counted from facts, those derived, the forecast, the targets."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle.formulas.book import Book, Scope
from tests.oracle.formulas.catalogue import KPIS
from tests.oracle.formulas.derived import FORMULAS, lags
from tests.oracle.formulas.forecasts import Forecast, Prospect
from tests.oracle.formulas.series import Series, Stepped
from tests.oracle.formulas.targets import Targets
from tests.oracle.formulas.values import Number
from tests.oracle.history.money import minor_digits, round_half_up
from tests.oracle.history.windows import Window

SPAN_MONTHS = 24
LAGS = range(4)


@dataclass(frozen=True)
class Company:
    """Everything that is known at one instant."""

    book: Book
    prospect: Prospect
    targets: Targets
    currency: str
    known_windows: dict[tuple[str, Scope], set[Window]] = field(default_factory=dict)

    def of(self, name: str, scope: Scope) -> Series:
        """One KPI in one scope."""
        if name == "forecast":
            return Forecast(self.prospect, self.targets, scope)
        if name == "delivery_sales_lag":
            return DeliverySalesLag(self)
        return Derived(self, name, scope) if name in FORMULAS else self.book.of(name, scope)

    def scopes(self, name: str) -> list[Scope]:
        """List the scopes that the KPI may have a record in."""
        found = set(self.targets.scopes(name))
        if name == "forecast":
            found.update(self.book.scopes("revenue_won"), self.targets.scopes("revenue_won"))
            found.update(scope for deal in self.prospect.open_deals for scope in deal.scopes)
        elif name in FORMULAS:
            for ingredient in KPIS[name].ingredients:
                found.update(self.scopes(ingredient))
        else:
            found.update(self.book.scopes(name))
        return [scope for scope in found if KPIS[name].has_scope(scope)]

    def published(self, name: str, scope: Scope) -> set[Window]:
        """List the windows that there is a record of."""
        found = set(self.of(name, scope).published()) | self.targets.windows(name, scope)
        if name == "forecast":
            won = self.published("revenue_won", scope)
            found |= {window for window in won if window.kind in KPIS[name].kinds}
            return {window for window in found if window.end > self.book.now}
        return found

    def siblings(self, name: str, dimension: str, window: Window) -> dict[Scope, Number]:
        """The values that a rank compares: of a level, of all that ever stepped."""
        scopes = [scope for scope in self.scopes(name) if scope and scope[0] == dimension]
        found: dict[Scope, Number] = {}
        for scope in scopes:
            series = self.of(name, scope)
            stepped = isinstance(series, Stepped) and series.has_begun(window)
            if stepped or window in self.windows_of(name, scope):
                number = series.number(window)
                if number is not None:
                    found[scope] = number
        return found

    def windows_of(self, name: str, scope: Scope) -> set[Window]:
        """The windows published, worked out once."""
        if (name, scope) not in self.known_windows:
            self.known_windows[name, scope] = self.published(name, scope)
        return self.known_windows[name, scope]

    def target_minor(self, name: str, scope: Scope, window: Window) -> int | None:
        """The target of a KPI of money in minor units; of a part of a window, that of the whole."""
        calendar = self.book.calendar
        if not window.is_rolling:
            window = calendar.window(window.kind, calendar.day_of(window.start))
        target = self.targets.target(name, scope, window)
        if target is None:
            return None
        units: int = 10 ** minor_digits(self.currency)
        return round_half_up(target * units)


@dataclass(frozen=True)
class Derived:
    """A KPI that follows from others of the same scope and window."""

    company: Company
    name: str
    scope: Scope

    def published(self) -> Iterable[Window]:
        """List the windows of which one of the ingredients has a record."""
        return {
            window
            for ingredient in KPIS[self.name].ingredients
            for window in self.company.published(ingredient, self.scope)
            if window.kind in KPIS[self.name].kinds
        }

    def parts(self, window: Window) -> dict[str, Any]:
        """The parts of each ingredient, and what else the formula needs."""
        parts = self.ingredients(window)
        if self.name == "pipeline_coverage":
            parts["target"] = self.company.target_minor("revenue_won", self.scope, window)
        if self.name == "rrroi":
            parts["before"] = self.ingredients(self.company.book.calendar.before(window))
        if self.name == "partner_quality":
            parts["best"] = self.best(window)
        return parts

    def ingredients(self, window: Window) -> dict[str, Any]:
        """The parts of each ingredient."""
        return {
            ingredient: self.company.of(ingredient, self.scope).parts(window)
            for ingredient in KPIS[self.name].ingredients
        }

    def best(self, window: Window) -> dict[str, Any]:
        """The best partner's number of each ingredient."""
        partners = [
            Derived(self.company, self.name, scope).ingredients(window)
            for scope in self.company.scopes(self.name)
        ]
        winning = [it for it in partners if it["deal_count"]["count"] > 0]
        return {
            "deal_count": max((it["deal_count"]["count"] for it in winning), default=0),
            "revenue_won": max((it["revenue_won"]["sum"] for it in winning), default=0),
        }

    def number(self, window: Window) -> Number | None:
        """Read the formula."""
        return FORMULAS[self.name](self.parts(window))

    def percentiles(self, _window: Window) -> None:
        """Derived KPIs have none."""


@dataclass(frozen=True)
class DeliverySalesLag:
    """How deliveries on time go together with what is won some months later."""

    company: Company

    def published(self) -> set[Window]:
        """List the months in whose 24 months there is a delivery, to the running one."""
        book = self.company.book
        delivered = book.of("on_time_delivery", None).published()
        months = {window for window in delivered if window.kind == "month"}
        running = book.calendar.window("month", book.calendar.day_of(book.now))
        found = set()
        month = running
        while months and month.start >= min(it.start for it in months):
            if months & set(self.span(month)):
                found.add(month)
            month = book.calendar.before(month)
        return found

    def span(self, month: Window) -> list[Window]:
        """List the 24 months that end with this one."""
        months = [month]
        while len(months) < SPAN_MONTHS:
            months.append(self.company.book.calendar.before(months[-1]))
        return months[::-1]

    def parts(self, window: Window) -> dict[str, Any]:
        """Pair the months' shares with the revenue of later months, for each lag."""
        months = self.span(window)
        on_time = self.company.book.of("on_time_delivery", None)
        revenue = self.company.book.of("revenue_won", None)
        shares = [share_of(on_time.parts(month)) for month in months]
        won = [revenue.parts(month)["sum"] for month in months]
        return lags(
            {
                lag: [
                    (share, later)
                    for share, later in zip(shares, won[lag:], strict=False)
                    if share is not None
                ]
                for lag in LAGS
            }
        )

    def number(self, window: Window) -> Number | None:
        """The correlation that is greatest."""
        return FORMULAS["delivery_sales_lag"](self.parts(window))

    def percentiles(self, _window: Window) -> None:
        """Derived KPIs have none."""


def share_of(parts: dict[str, Any]) -> Fraction | None:
    """An exact share; None of nothing."""
    return Fraction(parts["hits"], parts["total"]) if parts["total"] else None
