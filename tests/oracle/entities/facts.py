"""A fact: what one lead, call, email, deal or invoice contributes to one KPI, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.history.events import Event
from tests.oracle.history.money import Rates
from tests.oracle.history.windows import Calendar

Dimensions = Mapping[str, str | None]


@dataclass(frozen=True)
class Fact:
    """One contribution.

    `at` is the anchor, or the instant of a level's step. `parts` are the integers it adds: the
    parts of the KPI's measure, or the labels of a KPI that counts by label. The fact counts
    from `since` on, which is the anchor unless said otherwise, and in the scopes that its KPI and
    its dimensions give it; where `only_in` is given, in no others than these ("all" is one).
    """

    kpi: str
    at: int
    dimensions: Dimensions
    parts: Mapping[str, int]
    since: int | None = None
    only_in: tuple[str, ...] | None = None

    def counts_by(self, now: int) -> bool:
        """Tell whether the fact already counts."""
        return self.at <= now and (self.since is None or self.since <= now)


@dataclass(frozen=True)
class Definitions:
    """How a company reads what companies read differently; the defaults are the contract's."""

    close_rate_by: str = "close"
    win: str = "latest_run"
    owner: str = "now"
    conversion: str = "event"
    lost_amount: str = "latest"


@dataclass(frozen=True)
class Reporting:
    """What the facts depend on beside the events."""

    calendar: Calendar
    rates: Rates
    stale_ms: int
    stage_probability: Mapping[str, Fraction] = field(default_factory=dict)
    accounts: Mapping[str, Event] = field(default_factory=dict)
    stages: Sequence[str] = ()
    definitions: Definitions = field(default_factory=Definitions)

    def account_rep(self, account: str) -> str | None:
        """Name the rep who has the account; None where nobody is known to."""
        known = self.accounts.get(account)
        return known.text("rep") if known else None

    def local_date(self, instant: int) -> date:
        """Give the date that the reporting zone's calendar shows at the instant."""
        return self.calendar.local(instant).date()


def share(kpi: str, at: int, dimensions: Dimensions, hit: bool) -> Fact:
    """One more in the total of a share, and in its hits if it is one."""
    return Fact(kpi, at, dimensions, {"hits": int(hit), "total": 1})


def mean(kpi: str, at: int, dimensions: Dimensions, value: int) -> Fact:
    """One more value of a mean."""
    return Fact(kpi, at, dimensions, {"sum": value, "count": 1})


def count(kpi: str, at: int, dimensions: Dimensions) -> Fact:
    """One more of what is counted."""
    return Fact(kpi, at, dimensions, {"count": 1})


def labelled(kpi: str, at: int, dimensions: Dimensions, label: str) -> Fact:
    """One more with this label."""
    return Fact(kpi, at, dimensions, {label: 1})


def step(kpi: str, at: int, dimensions: Dimensions, by: int) -> Fact:
    """Move a level up or down at an instant."""
    return Fact(kpi, at, dimensions, {"level": by})


def unpriced(kpi: str, at: int) -> Fact:
    """Count a fact that the KPI had to leave out because a rate is missing."""
    return Fact("unpriced_facts", at, {}, {kpi: 1})
