"""The settings that a number depends on, a sentence each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from streams.languages.format import Formats
from streams.page.definitions.benchmarks import BENCHMARKS
from streams.wiring.dependencies import CHOICES, in_force

Write = Callable[[Formats, Any], Iterator[str]]
# A Monday.
SOME_MONDAY = date(2026, 3, 2)
DAYS_OF_WEEK = range(7)
# Settings that matter to windows of these kinds alone.
ONLY_OF = {
    "week_start": ("week",),
    "fiscal_start": ("quarter", "year"),
    "rules.calendar.fiscal_calendar": ("month", "quarter", "year"),
}


def sentences(
    formats: Formats, entry: Mapping[str, Any], settings: Mapping[str, Any], window: str
) -> list[str]:
    """Write out the settings in force of a catalogue entry, for windows of a kind.

    One that has no sentence is in `/api/catalogue`.
    """
    found = list(_benchmark(formats, entry))
    for path, value in in_force(settings, entry["depends_on"]).items():
        write = _WRITERS.get(path)
        if write is not None and window in ONLY_OF.get(path, (window,)):
            found += write(formats, value)
    return found


def _benchmark(formats: Formats, entry: Mapping[str, Any]) -> Iterator[str]:
    height = BENCHMARKS.get(entry["kpi"])
    if height is not None:
        shown = formats.value(entry["kpi"], height, entry["unit"])
        yield formats.language.text("setting.benchmark", value=shown.text)


def _plain(name: str) -> Write:
    def write(formats: Formats, value: Any) -> Iterator[str]:
        if value:
            yield formats.language.text(f"setting.{name}", value=value)

    return write


def _choice(name: str) -> Write:
    def write(formats: Formats, value: Any) -> Iterator[str]:
        key = f"setting.{name}_{value}"
        if formats.language.has(key):
            yield formats.language.text(key)

    return write


def _week_start(formats: Formats, value: Any) -> Iterator[str]:
    yield formats.language.text("setting.week_start", value=_weekday(formats, value))


def _fiscal_start(formats: Formats, value: Any) -> Iterator[str]:
    month = formats.month(date(SOME_MONDAY.year, value, 1))
    yield formats.language.text("setting.fiscal_start", value=month)


def _business(formats: Formats, value: Any) -> Iterator[str]:
    text = formats.language.text
    if value is None:
        yield text("setting.around_the_clock")
        return
    days = ", ".join(_weekday(formats, day) for day in DAYS_OF_WEEK if day in value["days"])
    begins, ends = (formats.clock(value[name]) for name in ("begins", "ends"))
    yield text("setting.business", days=days, begins=begins, ends=ends)
    if value["country"]:
        country = "-".join(filter(None, (value["country"], value["region"])))
        yield text("setting.holidays", country=country)


def _weekday(formats: Formats, day: int) -> str:
    return formats.weekday(SOME_MONDAY + timedelta(days=day))


def _stages(formats: Formats, value: Any) -> Iterator[str]:
    if value:
        yield formats.language.text("setting.stages", value=" → ".join(value))


def _probability(formats: Formats, value: Any) -> Iterator[str]:
    if value:
        listed = (f"{stage} {formats.percent(Decimal(share))}" for stage, share in value.items())
        yield formats.language.text("setting.stage_probability", value=", ".join(listed))


def _floor(formats: Formats, value: Any) -> Iterator[str]:
    yield formats.language.text("setting.forecast_floor", value=formats.decimal(value))


_WRITERS: Mapping[str, Write] = {
    "timezone": _plain("timezone"),
    "currency": _plain("currency"),
    "week_start": _week_start,
    "fiscal_start": _fiscal_start,
    "rules.calendar.fiscal_calendar": _choice("fiscal_calendar"),
    "rules.definitions.business": _business,
    "stages": _stages,
    "rules.definitions.stages": _stages,
    "stage_probability": _probability,
    "rules.forecast.floor": _floor,
    **{
        CHOICES + name: _choice(name)
        for name in ("close_rate_by", "win", "owner", "organisation", "conversion")
    },
}
