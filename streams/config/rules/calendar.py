"""The table `[calendar]`: how months, quarters and years are composed."""

from dataclasses import dataclass

from streams.config.rules.table import Table
from streams.engine.calendars.fiscal import FiscalCalendar

FISCAL: tuple[FiscalCalendar, ...] = ("months", "445")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRules:
    """Months of the calendar, or periods of 4, 4 and 5 weeks."""

    fiscal_calendar: FiscalCalendar = "months"


def parse(table: Table) -> CalendarRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    rules = CalendarRules(fiscal_calendar=table.choice("fiscal_calendar", FISCAL, "months"))
    table.finish()
    return rules
