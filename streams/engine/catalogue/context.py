"""The context in which entities are evaluated: calendar, rates, definitions, reference data."""

from dataclasses import dataclass

from streams.engine.algebra.money import Rates
from streams.engine.calendars.calendar import Calendar
from streams.engine.catalogue.definitions import Definitions
from streams.engine.catalogue.patched_records import AccountRecords, RepRecords


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """What facts depend on besides events; accounts and reps by name."""

    calendar: Calendar
    rates: Rates
    definitions: Definitions
    accounts: AccountRecords
    reps: RepRecords

    def waiting_ms(self, start: int, end: int, rep: str) -> int:
        """Give how long a lead waited from start to end, in ms of the rep's working hours."""
        working = self.definitions.working
        return end - start if working is None else working.between(start, end, self._zone(rep))

    def instant_after(self, start: int, length: int, rep: str) -> int:
        """Give when a lead has waited `length` ms of the rep's working hours."""
        working = self.definitions.working
        return start + length if working is None else working.after(start, length, self._zone(rep))

    def _zone(self, rep: str) -> str:
        record = self.reps.get(rep)
        return record.timezone or "" if record else ""
