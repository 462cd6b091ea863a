"""The KPIs and alerts in force, with their calendar and definitions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from streams.engine.calendars.calendar import Calendar
from streams.engine.catalogue.alert import OffPace, Watched
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.definitions import Definitions
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The KPIs and alerts in force with their calendar and definitions.

    `alerts` are those of rows, `off_pace` is the rule for targets, None if there is none.
    `place` gives the set an event belongs to and the row that holds it there, `view` the things
    in a row, `survivor` whose set takes over that of a merged one; all come from the room that
    knows what events mean.
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

    @property
    def published(self) -> tuple[Kpi | Derived, ...]:
        """The KPIs that have records: all but the hidden ones, derived ones last."""
        return (*(kpi for kpi in self.kpis if not kpi.is_hidden), *self.derived)
