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
    """An amount as the CRM wrote it."""

    amount: str
    currency: str


class Exact(NamedTuple):
    """The rational number `numerator / denominator`; the denominator is positive."""

    numerator: int
    denominator: int


def minor_digits(currency: str) -> int:
    """Give how many digits follow the point in a currency (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def exact(text: str) -> Exact:
    """Read a decimal text without loss."""
    whole, _, part = text.partition(".")
    return Exact(int(whole + part), 10 ** len(part))


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest integer, halves towards positive infinity."""
    return (2 * numerator + denominator) // (2 * denominator)


def major(minor: int, currency: str) -> str:
    """Write minor units as a decimal text in major units."""
    digits = minor_digits(currency)
    if not digits:
        return str(minor)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


class Rates:
    """What currencies were worth in the reporting currency, by date.

    Of several records for one currency and date the one with the greatest (at, id) stands,
    whatever order they come in.
    """

    def __init__(self, reporting: str) -> None:
        """Take the reporting currency; its own rate is 1."""
        self.reporting = reporting
        self._scale = 10 ** minor_digits(reporting)
        self._current: dict[tuple[str, int], tuple[tuple[int, str, str], Exact]] = {}
        self._days: dict[str, list[int]] = {}

    def update(self, currency: str, day: int, rate: str, at: int, record: str) -> bool:
        """Take one record; True if that changes what the currency is worth."""
        key, order = (currency, day), (at, record, rate)
        old = self._current.get(key)
        if old and old[0] >= order:
            return False
        if not old:
            insort(self._days.setdefault(currency, []), day)
        self._current[key] = (order, exact(rate))
        return old is None or old[1] != exact(rate)

    def rate(self, currency: str, day: int) -> Exact | None:
        """Give the latest rate on or before a day; None if there is none."""
        if currency == self.reporting:
            return Exact(1, 1)
        days = self._days.get(currency)
        index = bisect_right(days, day) if days else 0
        return self._current[currency, days[index - 1]][1] if days and index else None

    def minor(self, money: Money, day: int) -> Exact | None:
        """Give an amount in minor units of the reporting currency, not yet rounded."""
        rate = self.rate(money.currency, day)
        if rate is None:
            return None
        amount = exact(money.amount)
        return Exact(
            amount.numerator * rate.numerator * self._scale,
            amount.denominator * rate.denominator,
        )

    def priced(self, money: Money, day: int) -> int | None:
        """Give an amount in whole minor units of the reporting currency; None without a rate."""
        value = self.minor(money, day)
        return None if value is None else round_half_up(*value)
