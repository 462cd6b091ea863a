"""Numbers as people read them: each with its unit, in the form of the reader's language.

`page/static/format.js` does the same in the browser, from what `Formats.browser_form` gives.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from babel.dates import format_date, format_time
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
)
from babel.units import format_unit

from streams.languages.language import Language
from streams.languages.nouns import MULTIPLES, NOUNS

# Babel knows the signs of a language's own digits, and leaves the digits themselves Latin.
DIGITS: dict[str, dict[int, str]] = {
    "fa": {ord(latin): own for latin, own in zip("0123456789%", "۰۱۲۳۴۵۶۷۸۹٪", strict=True)}
}
NUMBERING = "default"
# Amounts below the first have cents, from the second on they are short; counts from the first on
# are whole.
WHOLE_FROM, COMPACT_FROM = 100, 100_000
# The powers of ten that short amounts are written in.
POWERS = (3, 6, 9, 12)
# A day with two different digits, none of which is in a month's number.
SAMPLE_DAY = 27
NO_VALUE = "–"
# Of a share of 1.
POINTS = 100
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
# From how many milliseconds on a duration is given in which unit.
DURATIONS = ((2 * DAY, DAY, "day"), (HOUR, HOUR, "hour"), (MINUTE, MINUTE, "minute"))
SPANS = (
    (DAY, "day"),
    (HOUR, "hour"),
    (MINUTE, "minute"),
    (SECOND, "second"),
    (1, "millisecond"),
)
MONEY = "money:"
PER_DAY = "/day"


class Shown(NamedTuple):
    """A number as text, and its unit where the text has none.

    Attributes:
        raw: what the browser formats anew when it changes; empty where there is no value.
        kind: the unit as in records, or what MULTIPLES says.
        noun: the key of what is counted; empty where nothing is.
        exact: for whoever asks: not rounded.
        reason: why there is no value; empty where there is one.
    """

    number: str
    unit: str
    raw: str
    kind: str
    noun: str
    exact: str
    reason: str = ""

    @property
    def text(self) -> str:
        """Return number and unit."""
        return f"{self.number} {self.unit}".strip()


def no_value(unit: str, reason: str) -> Shown:
    """Give what stands where there is no value."""
    return Shown(NO_VALUE, "", "", unit, "", "", reason)


class Formats:
    """Formats for one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._locale = language.locale

    def value(self, kpi: str, value: str | float | None, unit: str) -> Shown:
        """Format a KPI's value, which is in its unit."""
        if value is None:
            return no_value(unit, self.language.text("reason.none"))
        number = Decimal(str(value))
        kind = self.kind(kpi, unit)
        noun = NOUNS.get(kpi, "item") if unit == "count" else ""
        text, unit_text = self._parts(number, kind, noun)
        exact = self.exact(number, kind)
        return Shown(text, unit_text, str(value), kind, noun, exact)

    def kind(self, kpi: str, unit: str) -> str:
        """Return how a KPI's values are written: in their unit, or as how many times."""
        return MULTIPLES.get(kpi, unit) if unit == "ratio" else unit

    def difference(self, kpi: str, number: Decimal, unit: str) -> str:
        """Format how far two values of a KPI are apart, without its sign; of shares in points."""
        shown = self.value(kpi, str(abs(number)), unit)
        if unit == "ratio" and shown.kind == "ratio":
            points = self.decimal(abs(number) * POINTS)
            return self.language.text("change.points", points=points)
        return shown.text

    def _parts(self, number: Decimal, kind: str, noun: str) -> tuple[str, str]:
        text = self.language.text
        if kind == "ms":
            return self.duration(int(number)), ""
        if kind == "ratio":
            return self.percent(number), ""
        if kind.startswith(MONEY):
            per_day = text("unit.per_day") if kind.endswith(PER_DAY) else ""
            return self.money(number, currency(kind)), per_day
        if kind == "count":
            digits = 1 if abs(number) < WHOLE_FROM else 0
            return self.decimal(number, digits), self.language.noun(noun, float(number))
        return self.decimal(number), text(f"unit.{kind}")

    def exact(self, number: Decimal, kind: str) -> str:
        """Give a value in full."""
        if kind.startswith(MONEY):
            code = currency(kind)
            return self._digits(
                format_currency(number, code, locale=self._locale, numbering_system=NUMBERING)
            )
        if kind == "ms":
            return self.duration(int(number))
        return self.decimal(number, 4)

    def decimal(self, number: Decimal | float, digits: int = 1) -> str:
        """Format a plain number, with at most `digits` decimal places."""
        pattern = "#,##0." + "#" * digits if digits else "#,##0"
        return self._digits(
            format_decimal(number, pattern, locale=self._locale, numbering_system=NUMBERING)
        )

    def percent(self, number: Decimal | float) -> str:
        """Format a share of 1; the sign goes where the language has it."""
        rounded = Decimal(str(number)).quantize(Decimal("0.001"))
        return self._digits(
            format_percent(
                rounded, locale=self._locale, decimal_quantization=False, numbering_system=NUMBERING
            )
        )

    def money(self, number: Decimal, code: str) -> str:
        """Format an amount of major units: small ones with cents, large ones in short."""
        if 0 < abs(number) < WHOLE_FROM:
            return self.exact(number, MONEY + code)
        if abs(number) >= COMPACT_FROM:
            text = format_compact_currency(
                number, code, locale=self._locale, fraction_digits=2, numbering_system=NUMBERING
            )
        else:
            text = format_currency(
                number.quantize(Decimal(1), ROUND_HALF_UP),
                code,
                format=self._whole_money(),
                locale=self._locale,
                currency_digits=False,
                numbering_system=NUMBERING,
            )
        return self._digits(text.strip())

    def _whole_money(self) -> str:
        pattern = self._locale.currency_formats["standard"].pattern
        return ";".join(part.replace(".00", "") for part in pattern.split(";"))

    def duration(self, milliseconds: int) -> str:
        """Format a length of time in the one unit that suits it."""
        size = abs(milliseconds)
        for least, unit, name in DURATIONS:
            if size >= least:
                digits = 0 if name == "minute" else 1
                return self._unit(milliseconds / unit, name, digits)
        return self._unit(milliseconds / SECOND, "second", 0)

    def span(self, milliseconds: int) -> str:
        """Format a length of time exactly, in the greatest unit that divides it."""
        size, name = next((s, n) for s, n in SPANS if milliseconds % s == 0)
        return self._unit(milliseconds / size, name, 0)

    def _unit(self, number: float, name: str, digits: int) -> str:
        return self._digits(
            format_unit(
                round(number, digits) if digits else round(number),
                f"duration-{name}",
                length="short",
                locale=self._locale,
                numbering_system=NUMBERING,
            )
        )

    def day(self, day: date) -> str:
        """Format a day in short."""
        return self._digits(format_date(day, self._day_pattern, locale=self._locale))

    def days(self, first: date, last: date) -> str:
        """Format the days from the first to the last one, with the year."""
        year = ", {}" if self.language.code == "en" else " {}"
        ends = f"{self.day(last)}{year.format(self._digits(str(last.year)))}"
        if first == last:
            return ends
        begins = self.day(first)
        if first.year != last.year:
            begins += year.format(self._digits(str(first.year)))
        return f"{begins} – {ends}"

    def moment(self, instant: datetime) -> str:
        """Format a day and a time of day."""
        return f"{self.day(instant.date())}, {self.time(instant)}"

    def time(self, instant: datetime) -> str:
        """Format a time of day."""
        time = format_time(instant, "HH:mm", tzinfo=instant.tzinfo, locale=self._locale)
        return self._digits(time)

    def clock(self, minute: int) -> str:
        """Format a time of day, given in minutes after midnight; the end of a day is 24:00."""
        return self._digits(f"{minute // 60:02}:{minute % 60:02}")

    def weekday(self, day: date) -> str:
        """Give the name of a day of the week."""
        return format_date(day, "EEEE", locale=self._locale)

    def month(self, day: date) -> str:
        """Give the name of a month."""
        return format_date(day, "LLLL", locale=self._locale)

    def browser_form(self, code: str) -> dict[str, Any]:
        """Give what the page's `format.js` needs to write numbers alike; `{0}` is the place of one.

        Browsers know fewer languages than this, and not all the same forms.
        """
        one = "1".translate(self._digit_table)
        cents = self.money(Decimal("1.11"), code)
        two = self._digits("27")
        return {
            "digits": [self._digits(str(digit)) for digit in range(10)],
            "decimal": self.decimal(Decimal("1.5"))[1],
            "group": self.decimal(1_111_111, 0)[1],
            "percent": self.percent(1).replace(self._digits("100"), "{0}"),
            "currency": code,
            "money": cents.replace(self.decimal(Decimal("1.11"), 2), "{0}"),
            "short_money": [
                self.money(Decimal(111 * 10**power), code).replace(one * 3, "{0}")
                for power in POWERS
            ],
            "units": {
                name: self._unit(7, name, 0).replace(self._digits("7"), "{0}")
                for name in ("second", "minute", "hour", "day")
            },
            "months": [
                self.day(date(2026, month, SAMPLE_DAY)).replace(two, "{0}")
                for month in range(1, 13)
            ],
        }

    @property
    def _day_pattern(self) -> str:
        # The month by its name: the locale data has numbers for Bulgarian.
        return "MMM d" if self.language.code == "en" else "d MMM"

    @property
    def _digit_table(self) -> dict[int, str]:
        return DIGITS.get(self.language.code, {})

    def _digits(self, text: str) -> str:
        return text.translate(self._digit_table)


def currency(kind: str) -> str:
    """Return the code of a unit of money."""
    return kind.removeprefix(MONEY).removesuffix(PER_DAY)
