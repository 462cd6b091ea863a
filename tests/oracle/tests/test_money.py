"""The oracle's money."""

from datetime import date
from fractions import Fraction

import pytest

from tests.oracle.history.events import read
from tests.oracle.history.money import (
    Rates,
    major,
    round_half_up,
)
from tests.oracle.tests.stories import rate

ROUNDED = (("0.5", 1), ("-0.5", 0), ("-0.51", -1), ("1.49", 1), ("2.5", 3), ("-1.5", -1))
SHOWN = ((30000, "EUR", "300.00"), (-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (0, "JPY", "0"))


@pytest.mark.parametrize(("exact", "rounded"), ROUNDED)
def test_half_is_rounded_up(exact: str, rounded: int) -> None:
    assert round_half_up(Fraction(exact)) == rounded


@pytest.mark.parametrize(("minor", "currency", "shown"), [*SHOWN, (1, "KWD", "0.001")])
def test_money_is_shown_with_the_digits_of_its_currency(
    minor: int, currency: str, shown: str
) -> None:
    assert major(minor, currency) == shown


def test_latest_rate_on_or_before_the_day_converts() -> None:
    current = [read(rate("USD", "2026-03-01", "0.5")), read(rate("USD", "2026-03-10", "0.7"))]
    rates = Rates("EUR", current)
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10)]
    assert [rates.minor("10.01", "USD", day) for day in days] == [None, 501, 501, 701]


def test_reporting_currency_needs_no_rate_and_heeds_none() -> None:
    rates = Rates("JPY", [read(rate("JPY", "2026-03-01", "2"))])
    assert rates.minor("99.5", "JPY", date(2026, 3, 2)) == 100
