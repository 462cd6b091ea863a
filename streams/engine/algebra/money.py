"""Exact money: decimal text to integer minor units, rates by date, one rounding."""

from bisect import bisect_right, insort
from typing import NamedTuple

_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {
    **dict.fromkeys(_WHOLE.split(), 0),
    **dict.fromkeys(_THOUSANDTHS.split(), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


class Money(NamedTuple):
    """An amount as decimal text, as the CRM sent it."""

    amount: str
    currency: str


class Exact(NamedTuple):
    """The rational number `numerator / denominator`; the denominator is positive."""

    numerator: int
    denominator: int


def minor_digits(currency: str) -> int:
    """Number of decimal places of a currency (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def exact(text: str) -> Exact:
    """Decimal text as an exact number. ValueError if it is none."""
    whole, _, part = text.partition(".")
    return Exact(int(whole + part), 10 ** len(part))


def round_half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded to the nearest integer, halves towards positive infinity."""
    return (2 * numerator + denominator) // (2 * denominator)


def major(minor: int, currency: str) -> str:
    """Minor units as decimal text in major units."""
    digits = minor_digits(currency)
    if not digits:
        return str(minor)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


class Rates:
    """Exchange rates to the reporting currency, by date; its own rate is 1.

    Of several records for one currency and date the one with the greatest (at, order) is current,
    in whatever order they come.
    """

    def __init__(self, reporting: str) -> None:
        self.reporting = reporting
        self._scale = 10 ** minor_digits(reporting)
        self._current: dict[tuple[str, int], tuple[tuple[int, str, str], Exact]] = {}
        self._days: dict[str, list[int]] = {}

    def update(self, currency: str, day: int, rate: str, at: int, record: str) -> bool:
        """Apply a record, `at` in milliseconds; whether the rate has changed."""
        key, order = (currency, day), (at, record, rate)
        old = self._current.get(key)
        if old and old[0] >= order:
            return False
        if not old:
            insort(self._days.setdefault(currency, []), day)
        self._current[key] = (order, exact(rate))
        return old is None or old[1] != exact(rate)

    def rate(self, currency: str, day: int) -> Exact | None:
        """Latest rate on or before a day; None if there is none."""
        if currency == self.reporting:
            return Exact(1, 1)
        days = self._days.get(currency)
        index = bisect_right(days, day) if days else 0
        return self._current[currency, days[index - 1]][1] if days and index else None

    def minor(self, money: Money, day: int) -> Exact | None:
        """Amount in minor units of the reporting currency, not rounded; None without a rate."""
        rate = self.rate(money.currency, day)
        if rate is None:
            return None
        amount = exact(money.amount)
        return Exact(
            amount.numerator * rate.numerator * self._scale,
            amount.denominator * rate.denominator,
        )

    def priced(self, money: Money, day: int) -> int | None:
        """Amount in whole minor units of the reporting currency; None without a rate."""
        value = self.minor(money, day)
        return None if value is None else round_half_up(*value)


class WatchedRates(Rates):
    """The rates of another object, which is to change no more.

    Attributes:
        last_day: The latest day that one was asked for, in whatever currency; 0 if none was.
    """

    def __init__(self, rates: Rates) -> None:
        super().__init__(rates.reporting)
        self._current, self._days = rates._current, rates._days
        self.last_day = 0

    def rate(self, currency: str, day: int) -> Exact | None:
        """Latest rate on or before a day; None if there is none."""
        self.last_day = max(self.last_day, day)
        return super().rate(currency, day)
