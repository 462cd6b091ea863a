"""The state that a merger's parts share."""

from collections.abc import Collection
from dataclasses import dataclass

from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.publish_priority import kinds_of_first
from streams.engine.merge.dependency_index import DependencyIndex
from streams.engine.merge.record_encoder import RecordEncoder
from streams.engine.merge.state.kpi_index import KpiIndex
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowStore


@dataclass(frozen=True, slots=True)
class MergeState:
    """What the merger changes and its parts read; the merger alone changes it.

    Attributes:
        kpis: The KPIs by name, number and bit.
        windows: Vectors by window and scope.
        levels: Running totals of the windows' daily steps.
        targets: The current targets.
        encoder: The text of records.
        dependencies: Which derived KPIs read which.
    """

    kpis: KpiIndex
    windows: WindowStore
    levels: Levels
    targets: Targets
    encoder: RecordEncoder
    dependencies: DependencyIndex


def empty_state(catalogue: Catalogue, clock: int, dimensions: Collection[str]) -> MergeState:
    """State without facts at an instant in milliseconds; `dimensions` are those with records."""
    definitions, calendar = catalogue.definitions, catalogue.calendar
    kpis = KpiIndex((*catalogue.kpis, *catalogue.derived))
    read_often = kinds_of_first(dimensions)
    windows = WindowStore(calendar, calendar.day(clock), definitions.lateness_ms, read_often)
    # A target of what others are derived from makes a record of them, too.
    ingredients = (kpi for kpi in catalogue.kpis if kpi.is_ingredient)
    aimed = {kpi.name: kpi for kpi in (*ingredients, *catalogue.published)}
    return MergeState(
        kpis,
        windows,
        Levels(windows, {kpi.name: kpi.measure.steps for kpi in catalogue.kpis}),
        Targets(calendar, definitions.currency, aimed, dimensions, catalogue.windows),
        RecordEncoder(calendar, definitions.currency, definitions.lateness_ms),
        DependencyIndex(calendar, catalogue.kpis, catalogue.derived, kpis),
    )
