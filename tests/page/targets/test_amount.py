"""Numbers as people write them, in their language and in the form's unit."""

from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from streams.page.targets.amount import FACTORS, amount


@pytest.mark.parametrize(
    ("text", "code", "value"),
    [
        ("1,250.50", "en", "1250.5"),
        (" 9000.00 ", "en", "9000"),
        ("-5", "en", "-5"),
        ("1250,5", "bg", "1250.5"),
        ("1 250,5", "bg", "1250.5"),
        ("1250.5", "bg", "1250.5"),
        ("1250,50", "hy", "1250.5"),
        ("۱٬۲۵۰٫۵", "fa", "1250.5"),
        ("1,250.5", "fa", "1250.5"),
    ],
)
def test_a_number_is_read_in_the_form_of_its_language(text: str, code: str, value: str) -> None:
    assert amount(text, Locale.parse(code)) == value


@pytest.mark.parametrize(
    "text", ["", "lots", "1.250,5", "12,5", "1e5", "nan", "Infinity", "..", "0x10", "9" * 29]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert amount(text, Locale.parse("en")) is None


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("90.5", "percent", "0.905"), ("45", "minutes", "2700000"), ("1.5", "days", "129600000")],
)
def test_a_unit_for_people_becomes_that_of_records(text: str, unit: str, value: str) -> None:
    assert amount(text, Locale.parse("en"), FACTORS[unit]) == value


@given(st.decimals(-(10**15), 10**15, places=4))
def test_no_digit_is_lost(number: Decimal) -> None:
    found = amount(f"{number:f}", Locale.parse("en"))
    assert found is not None
    assert Decimal(found) == number
