"""The form of a card that sets its target."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from streams.engine.calendars.calendar import ROLLING_DAYS
from streams.languages.format import MONEY, Formats, currency
from streams.page.targets.amount import DAYS, FACTORS, FORM_UNITS, MINUTES, plain

# Of these a target is written in days; of all other times in minutes.
SLOW = frozenset({"reorder_interval", "cycle_time", "days_to_pay"})
# So many that what is counted stands in the plural.
MANY = 100


class TargetForm(NamedTuple):
    """What is asked, and what is sent with it.

    Attributes:
        title: what opens the form.
        unit: in which the value is written, as sent; empty for the unit of records.
        unit_text: the same for people.
        value: the target there is, to be changed.
        every: for every window of its kind, for people; `only` for this one alone, and empty where
            windows overlap.
        action: where it is sent to; the address to go back to is in it.
    """

    kpi: str
    scope: str
    window: str
    start: str
    title: str
    unit: str
    unit_text: str
    value: str
    every: str
    only: str
    action: str
    language: str


def target_form(
    formats: Formats,
    place: tuple[str, str, str, date],
    record_unit: str,
    record: Mapping[str, Any] | None,
    back: str,
) -> TargetForm:
    """Build the form for a KPI, scope and kind of window; the day is one of the running window."""
    kpi, scope, window, day = place
    text = formats.language.text
    target = None if record is None else record.get("target")
    unit = _unit(kpi, record_unit, formats.kind(kpi, record_unit))
    is_rolling = window in ROLLING_DAYS
    return TargetForm(
        kpi=kpi,
        scope=scope,
        window=window,
        start=day.isoformat(),
        title=text("target.set" if target is None else "target.change"),
        unit=unit,
        unit_text=_unit_text(formats, kpi, record_unit, unit),
        value="" if target is None else _value(str(target), unit),
        every="" if is_rolling else text(f"target.every_{window}"),
        only="" if is_rolling else text(f"target.only_{window}"),
        action=f"/targets?next={quote(back, safe='')}",
        language=formats.language.code,
    )


def _unit(kpi: str, record_unit: str, kind: str) -> str:
    """Return the unit that is written; empty where it is that of records."""
    if record_unit != kind or record_unit not in FORM_UNITS:
        return ""
    if record_unit == "ms":
        return DAYS if kpi in SLOW else MINUTES
    return FORM_UNITS[record_unit][0]


def _value(target: str, unit: str) -> str:
    return plain(Decimal(target) / FACTORS.get(unit, Decimal(1)))


def _unit_text(formats: Formats, kpi: str, record_unit: str, unit: str) -> str:
    if unit in (MINUTES, DAYS):
        return formats.language.text(f"target.{unit}")
    if unit:
        return "%"
    shown = formats.value(kpi, MANY, record_unit).unit
    return f"{currency(record_unit)} {shown}".strip() if record_unit.startswith(MONEY) else shown
