"""What a report says of a KPI, in the reader's language."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from streams.engine.calendars.calendar import Window
from streams.languages.format import Formats
from streams.notify.core.message import ReportedKpi
from streams.notify.core.reports.figures import Figure
from streams.output.keys import ALL

DOT = " · "
SEMICOLONS = {"rtl": "؛ ", "ltr": "; "}


class Described(NamedTuple):
    """What the catalogue has of a KPI: the unit of its records, and `higher` or `lower`."""

    unit: str
    better: str


def title(formats: Formats, name: str, scope: str, window: Window, following: Window) -> str:
    """Return the title of a report of a window, which the following one ends."""
    language = formats.language
    dimension, _, value = scope.partition("=")
    whose = language.text("scope.all")
    if scope != ALL:
        whose = f"{language.text(f'dimension.{dimension}')}: {value}"
    days = formats.days(date.fromordinal(window.start), date.fromordinal(following.start - 1))
    return DOT.join((name, whose, days))


def reported(
    formats: Formats, kpi: str, described: Described, window: str, figure: Figure
) -> ReportedKpi:
    """Write a KPI's line: its value, how it differs from the window before, and its target."""
    language = formats.language
    name = language.title(kpi)
    shown = _value(formats, kpi, described, figure)
    difference = _difference(formats, kpi, described, window, figure)
    target = _target(formats, kpi, described, figure)
    clauses = filter(None, (shown, difference, target))
    return ReportedKpi(
        kpi=kpi,
        text=f"{name}: {SEMICOLONS[language.direction].join(clauses)}",
        value=figure.value,
        previous=figure.previous,
        target=figure.target,
        met=figure.met,
        unit=described.unit,
        cells=(name, shown, difference, target),
    )


def _value(formats: Formats, kpi: str, described: Described, figure: Figure) -> str:
    if figure.value is None:
        return formats.language.text("report.no_value")
    text = formats.value(kpi, figure.value, described.unit).text
    parts, percentiles = figure.parts, figure.percentiles
    if parts.hits is not None and parts.total is not None:
        hits, total = formats.decimal(parts.hits), formats.decimal(parts.total)
        return f"{text} ({formats.language.text('card.of', hits=hits, total=total)})"
    if described.unit == "ms" and percentiles.p50 is not None and percentiles.p90 is not None:
        half, most = formats.duration(percentiles.p50), formats.duration(percentiles.p90)
        return f"{text} ({formats.language.text('report.spread', p50=half, p90=most)})"
    return text


def _difference(
    formats: Formats, kpi: str, described: Described, window: str, figure: Figure
) -> str:
    text = formats.language.text
    before = text(f"before.{window}")
    if figure.value is None:
        return ""
    if figure.previous is None:
        return text("report.unknown", before=before)
    number = Decimal(str(figure.value)) - Decimal(str(figure.previous))
    if number == 0:
        return text("report.same", before=before)
    amount = formats.difference(kpi, number, described.unit)
    is_good = (number > 0) == (described.better == "higher")
    mood = text("change.good" if is_good else "change.bad")
    key = "report.more" if number > 0 else "report.less"
    return text(key, amount=amount, before=before, mood=mood)


def _target(formats: Formats, kpi: str, described: Described, figure: Figure) -> str:
    if figure.target is None:
        return ""
    target = formats.value(kpi, figure.target, described.unit).text
    return formats.language.text("report.met" if figure.met else "report.missed", target=target)
