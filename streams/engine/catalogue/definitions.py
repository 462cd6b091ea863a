"""Definitions on which companies differ; the defaults are those of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from streams.engine.calendars.working_hours import WorkingTime

CloseRateBy = Literal["close", "creation"]
Win = Literal["latest_run", "first"]
OwnerChoice = Literal["now", "event"]
Conversion = Literal["event", "close"]
LostAmount = Literal["latest", "open"]
Carrier = Literal["deal", "lead", "account"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChoices:
    """The operator's choice between definitions.

    `close_rate_by`: whether `close_rate` and `close_rate_value` count a closed deal when it
    closed or when it was created. `win`: whether a deal that is won again counts from its latest
    win or its first. `owner`: whether a fact belongs to today's rep or to the rep at its instant.
    `organisation`: whether a fact belongs to its rep's team, department and unit of today or to
    those at its instant. `conversion`: whether a deal's money is converted at the fact's date, or
    at the close date once there is one. `lost_amount`: whether a lost deal counts with its latest
    amount or with the one it had while open.
    """

    close_rate_by: CloseRateBy = "close"
    win: Win = "latest_run"
    owner: OwnerChoice = "now"
    organisation: OwnerChoice = "now"
    conversion: Conversion = "event"
    lost_amount: LostAmount = "latest"


@dataclass(frozen=True, slots=True)
class StageTable:
    """The order of a pipeline's stages, earliest first, and the probability of a win in each.

    Both are empty where none is set.
    """

    stages: tuple[str, ...] = ()
    probability: Mapping[str, str] = field(default_factory=dict)

    def is_later(self, stage: str, than: str) -> bool:
        """Compare two stages by the order; one that it lacks is later than none."""
        return self._position(stage) > self._position(than)

    def _position(self, stage: str) -> int:
        return self.stages.index(stage) if stage in self.stages else -1


@dataclass(frozen=True, slots=True)
class OwnDimension:
    """A dimension of a company's own, and the entity whose `custom` has its values."""

    name: str
    carrier: Carrier


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions in force; with `working`, leads wait in working time only.

    `stages` are those of deals in a pipeline that `pipelines` lacks, or in none.
    """

    currency: str
    lateness_ms: int
    stale_ms: int
    small_deal: int
    large_deal: int
    churn_threshold: int
    churn_weights: Mapping[str, int]
    stages: StageTable = field(default_factory=StageTable)
    pipelines: Mapping[str, StageTable] = field(default_factory=dict)
    choices: DefinitionChoices = field(default_factory=DefinitionChoices)
    working: WorkingTime | None = None
    own_dimensions: tuple[OwnDimension, ...] = ()

    def stages_of(self, pipeline: str) -> StageTable:
        """Give the order and the probabilities of a pipeline's stages."""
        return self.pipelines.get(pipeline, self.stages)
