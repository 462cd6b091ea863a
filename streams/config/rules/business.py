"""The table `[definitions.business]`: working days, working hours and public holidays."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from streams.config.rules.table import Table, nearest

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessRules:
    """Working days (0 = Monday), begin and end in minutes after midnight, country of holidays.

    Without a country there are no holidays.
    """

    days: frozenset[int] = frozenset(range(5))
    begins: int = 9 * 60
    ends: int = 17 * 60
    country: str = ""
    region: str = ""

    def is_holiday(self) -> Callable[[date], bool]:
        """Give a function that tells whether a day is a public holiday."""
        if not self.country:
            return lambda _: False
        import holidays

        days = holidays.country_holidays(self.country, subdiv=self.region or None)
        return lambda day: day in days


def parse(table: Table) -> BusinessRules:
    """Read the table. Raises BadSetting for an invalid rule."""
    country = _country(table)
    rules = BusinessRules(
        days=frozenset(DAYS.index(day) for day in table.options("days", DAYS[:5], among=DAYS)),
        begins=_clock(table, "begins", "09:00"),
        ends=_clock(table, "ends", "17:00"),
        country=country,
        region=_region(table, country),
    )
    table.finish()
    if not rules.days:
        table.reject("days", "is empty", "name at least one day, such as monday")
    if rules.begins >= rules.ends:
        table.reject("ends", "is not after begins", "the working day ends on the day it begins")
    return rules


def _clock(table: Table, key: str, default: str) -> int:
    """Read a time of day such as `09:30` as minutes after midnight."""
    text = table.text(key, default)
    if not CLOCK.fullmatch(text):
        table.reject(key, f"is {text[:40]!r}", 'it must be a time of day, such as "09:30"')
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _country(table: Table) -> str:
    country = table.text("country", "")
    if country:
        import holidays

        known = holidays.list_supported_countries(include_aliases=False)
        if country not in known:
            wanted = f'it must be an ISO 3166 code, such as "DE"{nearest(country.upper(), known)}'
            table.reject("country", f"is {country[:40]!r}", wanted)
    return country


def _region(table: Table, country: str) -> str:
    region = table.text("region", "")
    if region and not country:
        table.reject("region", "has no country", "name the country, too")
    if region:
        import holidays

        known = holidays.list_supported_countries(include_aliases=False)[country]
        if region not in known:
            wanted = f"known in {country}: {', '.join(known) or 'none'}"
            table.reject("region", f"is {region[:40]!r}", wanted)
    return region
