"""The KPIs and alerts in force, with their calendar and definitions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from streams.engine.calendars.calendar import Calendar
from streams.engine.catalogue.alert import OffPace, Watched
from streams.engine.catalogue.choice import WINDOWS
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.definitions import Definitions
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

# The key of the settings on `sales.catalogue`; no KPI may have this name.
SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The KPIs and alerts in force, with their calendar and definitions.

    Attributes:
        route: Gives the owner of an event and the name of its event set.
        entities_of: Gives the entities of an event set by type.
        merge_target: Gives the owner that a merged one becomes.
        alerts: The alerts that entities raise, each with its rule.
        off_pace: The rule for targets; None if that alert is disabled.
        windows: The kinds of windows that are published.
        declared: The KPIs that may be chosen, with all their scopes.
    """

    kpis: tuple[Kpi, ...]
    calendar: Calendar
    definitions: Definitions
    route: Callable[[Any], tuple[str, str]]
    entities_of: Callable[[str, list[Any], EvaluationContext], Iterable[tuple[type, Any]]]
    merge_target: Callable[[str, str], str | None]
    alerts: tuple[Watched, ...] = ()
    off_pace: OffPace | None = None
    derived: tuple[Derived, ...] = ()
    windows: tuple[str, ...] = WINDOWS
    declared: tuple[Kpi | Derived, ...] = ()

    @property
    def published(self) -> tuple[Kpi | Derived, ...]:
        """The KPIs that have records: all but hidden ones, derived ones last."""
        return (*(kpi for kpi in self.kpis if not kpi.is_hidden), *self.derived)
