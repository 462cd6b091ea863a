"""What reference records may name, and an answer for people where they name something else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from streams.events.common import Common
from streams.events.reference_records import RepSet, TargetSet
from streams.events.rejected import Rejected

SIMILARITY = 0.6


@dataclass(frozen=True)
class KnownNames:
    """The published KPIs with their scopes, `all` among them, and the time zones."""

    scopes: Mapping[str, Collection[str]]
    zones: Collection[str]

    def problem(self, event: Common) -> Rejected | None:
        """Why a record names what does not exist; None for any other and for events."""
        if isinstance(event, TargetSet):
            return self._problem_of_target(event)
        if isinstance(event, RepSet) and isinstance(event.timezone, str):
            return self._unknown("time zone", event.timezone, self.zones, "timezone")
        return None

    def _problem_of_target(self, target: TargetSet) -> Rejected | None:
        scopes = self.scopes.get(target.kpi)
        if scopes is None:
            return self._unknown("KPI", target.kpi, self.scopes, "kpi")
        scope = next(iter(target.scope), "all")
        if scope in scopes:
            return None
        *most, last = scopes
        listed = f"{', '.join(most)} and {last}" if most else last
        reason = f"{target.kpi} has no scope {scope}; it has {listed}"
        return Rejected(reason, "scope", "unknown name")

    def _unknown(self, what: str, name: str, known: Collection[str], field: str) -> Rejected | None:
        if name in known:
            return None
        close = get_close_matches(name, known, n=1, cutoff=SIMILARITY)
        hint = f"; did you mean {close[0]}?" if close else ""
        return Rejected(f"unknown {what} {name}{hint}", field, "unknown name")
