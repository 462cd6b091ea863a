"""A fact: what a lead, call, deal or invoice contributes to a KPI, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracle.entities.accounts import Accounts
from tests.oracle.history.money import Rates
from tests.oracle.history.windows import Calendar

Dimensions = Mapping[str, str | None]


@dataclass(frozen=True)
class Fact:
    """One contribution.

    `at` is the anchor. `parts` are the integers it adds: the parts of the KPI's measure, or the
    labels of a KPI that counts by label. The fact counts from `since` on, else from its anchor,
    in the scopes that its KPI and its dimensions give it; in `only_in` alone, where that is given
    ("all" is one).
    """

    kpi: str
    at: int
    dimensions: Dimensions
    parts: Mapping[str, int]
    since: int | None = None
    only_in: tuple[str, ...] | None = None

    def counts_by(self, now: int) -> bool:
        """Whether the fact counts already."""
        return self.at <= now and (self.since is None or self.since <= now)


@dataclass(frozen=True)
class Standing:
    """What one thing adds to a level from an instant on, until another one if it ends."""

    start: int
    end: int | None
    dimensions: Dimensions
    parts: Mapping[str, int]

    @property
    def is_real(self) -> bool:
        """Whether it lasts at all."""
        return self.end is None or self.start < self.end


@dataclass(frozen=True)
class Level:
    """All that one thing adds to one level; its standings do not overlap."""

    kpi: str
    standings: Sequence[Standing]
    only_in: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Definitions:
    """How a company reads what companies read differently; the defaults are the contract's."""

    close_rate_by: str = "close"
    win: str = "latest_run"
    owner: str = "now"
    conversion: str = "event"
    lost_amount: str = "latest"
    organisation: str = "now"


@dataclass(frozen=True)
class Ladder:
    """The order of a pipeline's stages, and how likely each is to be won."""

    stages: Sequence[str] = ()
    probability: Mapping[str, Fraction] = field(default_factory=dict)

    def is_later(self, stage: str, than: str) -> bool:
        """Whether a stage comes after another by the order; one it lacks is later than none."""
        return self.place(stage) > self.place(than)

    def place(self, stage: str) -> int:
        """The stage's place in the order."""
        return self.stages.index(stage) if stage in self.stages else -1


@dataclass(frozen=True)
class Reporting:
    """What the facts depend on beside the events."""

    calendar: Calendar
    rates: Rates
    stale_ms: int
    accounts: Accounts
    general: Ladder = field(default_factory=Ladder)
    pipelines: Mapping[str, Ladder] = field(default_factory=dict)
    definitions: Definitions = field(default_factory=Definitions)

    def ladder(self, pipeline: str | None) -> Ladder:
        """The stages of a pipeline; the general ones where it has none of its own."""
        return self.pipelines.get(pipeline or "", self.general)

    def local_date(self, instant: int) -> date:
        """The date that the reporting zone's calendar shows at the instant."""
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


def unpriced(kpi: str, at: int) -> Fact:
    """A fact that the KPI leaves out because its worth is not known."""
    return Fact("unpriced_facts", at, {}, {kpi: 1})
