"""Money: exact amounts, the rates of a day, and rounding to the currency's minor units."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from tests.oracle.history.events import Event

# ISO 4217; every other currency is counted in hundredths.
DIGITS_OF = {
    0: {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"}
    | {"UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"},
    3: {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"},
    4: {"CLF", "UYW"},
}


def minor_digits(currency: str) -> int:
    """Give the number of decimals the currency is counted in."""
    for digits, currencies in DIGITS_OF.items():
        if currency in currencies:
            return digits
    return 2


def round_half_up(exact: Fraction) -> int:
    """Round to the nearest integer, a half towards positive infinity."""
    numerator, denominator = exact.numerator, exact.denominator
    return (2 * numerator + denominator) // (2 * denominator)


def major(minor: int, currency: str) -> str:
    """Write minor units as a decimal string in major units: -5 cents is "-0.05"."""
    digits = minor_digits(currency)
    sign = "-" if minor < 0 else ""
    shown = str(abs(minor)).rjust(digits + 1, "0")
    if digits == 0:
        return sign + shown
    return f"{sign}{shown[:-digits]}.{shown[-digits:]}"


class Rates:
    """Converts into the reporting currency at the rate of a local date."""

    def __init__(self, currency: str, current: Iterable[Event]) -> None:
        """`standing` holds one rate record for each currency and date."""
        self.currency = currency
        self.of_currency: dict[str, dict[date, Fraction]] = {}
        for record in current:
            dates = self.of_currency.setdefault(record.fields["currency"], {})
            dates[date.fromisoformat(record.fields["date"])] = Fraction(record.fields["rate"])

    def rate(self, currency: str, day: date) -> Fraction | None:
        """Give the latest rate on or before the day; None where there is none."""
        if currency == self.currency:
            return Fraction(1)
        dates = self.of_currency.get(currency, {})
        known = [when for when in dates if when <= day]
        return dates[max(known)] if known else None

    def exact(self, amount: str, currency: str | None, day: date) -> Fraction | None:
        """The amount in the reporting currency's minor units, not rounded.

        None without a rate, or where the currency is not known.
        """
        rate = self.rate(currency, day) if currency else None
        if rate is None:
            return None
        minor_units_in_one: int = 10 ** minor_digits(self.currency)
        return Fraction(amount) * rate * minor_units_in_one

    def minor(self, amount: str, currency: str | None, day: date) -> int | None:
        """Give the amount in whole minor units of the reporting currency."""
        exact = self.exact(amount, currency, day)
        return None if exact is None else round_half_up(exact)
