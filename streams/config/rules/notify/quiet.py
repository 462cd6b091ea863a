"""The table `quiet` of a route: hours and days at which nothing is sent."""

import re
from dataclasses import dataclass

from streams.config.rules.business import CLOCK, DAYS
from streams.config.rules.table import Table
from streams.config.setting_kinds import zone_complaint

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Quiet from a time of day to another, perhaps over midnight, and on whole days.

    Attributes:
        begins: Minutes after midnight.
        ends: Minutes after midnight; as `begins`: no hours are quiet, only `days`.
        days: Days that are quiet as a whole; 0 is Monday.
        zone: The zone of alerts of nobody, and of reps without one; empty: the reporting zone.
    """

    begins: int = 0
    ends: int = 0
    days: frozenset[int] = frozenset()
    zone: str = ""


def parse(table: Table) -> QuietHours:
    """Read the table. Raises BadSetting for an invalid rule."""
    has_hours = table.has("from") or table.has("to")
    rules = QuietHours(
        begins=time_of_day(table, "from") if has_hours else 0,
        ends=time_of_day(table, "to") if has_hours else 0,
        days=frozenset(DAYS.index(day) for day in table.options("days", (), among=DAYS)),
        zone=table.text("zone", ""),
    )
    table.finish()
    if has_hours and rules.begins == rules.ends:
        table.reject("to", "is the same as from", "no time would be left, or none be quiet")
    if rules.zone and (complaint := zone_complaint(rules.zone)):
        table.reject("zone", complaint, "leave it out for the reporting zone")
    if not has_hours and not rules.days:
        table.reject("from", "is missing", 'write from and to, or days = ["sunday"]')
    if len(rules.days) == len(DAYS):
        table.reject("days", "has all days", "nothing would ever be sent; leave one out")
    return rules


def time_of_day(table: Table, key: str) -> int:
    """Read a time of day such as `20:30` as minutes after midnight."""
    text = table.text(key)
    if not re.fullmatch(CLOCK, text) or text == "24:00":
        table.reject(key, f'is "{text[:40]}"', 'it must be a time of day, such as "20:30"')
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
