"""Money is exact until it is read, and rates do not depend on the order they come in."""

import json
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.entry import entry_of
from streams.engine.aggregate.reference_index import Dependency, ReferenceIndex
from streams.engine.aggregate.tombstones import Pseudonyms
from streams.engine.algebra.money import (
    Money,
    Rates,
    exact,
    major,
    minor_digits,
    round_half_up,
)
from streams.events import Event, ReferenceRecord, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import account, deal

CATALOGUE = catalogue(Settings())
DIGITS = st.text("0123456789", min_size=1, max_size=18)
DECIMALS = st.builds(
    lambda sign, whole, part: f"{sign}{whole}{part and '.' + part}",
    st.sampled_from(("", "-")),
    DIGITS,
    st.text("0123456789", max_size=9),
)
RATES = st.sampled_from(("0.5", "1.25", "0.0061", "2.7351", "1"))


@given(DECIMALS)
def test_decimal_text_is_read_without_loss(text: str) -> None:
    assert Fraction(*exact(text)) == Fraction(text)


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**12))
def test_rounding_is_to_the_nearest_and_halves_go_up(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    assert round_half_up(numerator, denominator) == floor(value + Fraction(1, 2))


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(1, 2, 1), (-1, 2, 0), (3, 2, 2), (-3, 2, -1), (2, 3, 1), (-2, 3, -1), (0, 7, 0)],
)
def test_halves_go_towards_positive_infinity(
    numerator: int, denominator: int, rounded: int
) -> None:
    assert round_half_up(numerator, denominator) == rounded


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XXX", 2)]
)
def test_minor_digits_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        *((0, "EUR", "0.00"), (5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (123456, "EUR", "1234.56")),
        *((0, "JPY", "0"), (-7, "JPY", "-7"), (1, "KWD", "0.001"), (-10000, "CLF", "-1.0000")),
    ],
)
def test_minor_units_are_written_in_major_units(minor: int, currency: str, text: str) -> None:
    assert major(minor, currency) == text


@given(st.integers(-(10**20), 10**20), st.sampled_from(("EUR", "JPY", "KWD", "CLF")))
def test_text_of_minor_units_is_read_as_the_same_money(minor: int, currency: str) -> None:
    text = major(minor, currency)
    assert Fraction(text) * 10 ** minor_digits(currency) == minor
    assert Rates(currency).priced(Money(text, currency), 0) == minor


@given(DECIMALS, RATES, st.sampled_from(("EUR", "JPY", "KWD", "CLF")))
def test_amount_is_converted_exactly_and_rounded_once(
    amount: str, rate: str, reporting: str
) -> None:
    rates = Rates(reporting)
    rates.update("USD", 10, rate, 0, "r1")
    value = Fraction(amount) * Fraction(rate) * 10 ** minor_digits(reporting)
    money = Money(amount, "USD")
    minor = rates.minor(money, 10)
    assert minor is not None
    assert Fraction(*minor) == value
    assert rates.priced(money, 10) == floor(value + Fraction(1, 2))


RECORDS = st.lists(
    st.tuples(st.integers(1, 4), RATES, st.integers(0, 2), st.sampled_from(("r1", "r2"))),
    max_size=8,
)


@given(RECORDS, st.data())
def test_rate_of_a_day_is_the_latest_on_or_before_it_in_any_order(
    records: list[tuple[int, str, int, str]], data: st.DataObject
) -> None:
    rates = Rates("EUR")
    for day, rate, at, name in data.draw(st.permutations(records)):
        rates.update("USD", day, rate, at, name)
    for day in range(6):
        known = [record for record in records if record[0] <= day]
        latest = max((record[0] for record in known), default=None)
        # Of several for one day the one with the greatest (at, id) stands.
        standing = max(
            ((at, name, rate) for on, rate, at, name in known if on == latest), default=None
        )
        found = rates.rate("USD", day)
        assert (found is None) is (standing is None)
        if found and standing:
            assert Fraction(*found) == Fraction(standing[2])


@given(RECORDS)
def test_update_returns_whether_the_rate_of_a_currency_changed(
    records: list[tuple[int, str, int, str]],
) -> None:
    rates = Rates("EUR")

    def worth() -> list[Fraction | None]:
        found = (rates.rate("USD", day) for day in range(6))
        return [rate and Fraction(*rate) for rate in found]

    for day, rate, at, name in records:
        before = worth()
        if not rates.update("USD", day, rate, at, name):
            assert worth() == before


def test_reporting_currency_has_the_rate_1_whatever_a_record_has() -> None:
    rates = Rates("EUR")
    rates.update("EUR", 1, "2", 0, "r1")
    assert rates.priced(Money("5", "EUR"), 1) == 500


def test_currency_without_a_rate_has_no_price() -> None:
    rates = Rates("EUR")
    rates.update("USD", 5, "2", 0, "r1")
    assert rates.priced(Money("5", "USD"), 4) is None
    assert rates.priced(Money("5", "XOF"), 9) is None


@pytest.mark.parametrize(("currency", "names"), [("USD", ["lead:7"]), ("EUR", [])])
def test_amounts_in_the_currency_of_the_reports_depend_on_no_rate(
    currency: str, names: list[str]
) -> None:
    index = ReferenceIndex(CATALOGUE, Pseudonyms(b""))
    said = deal("03-02 09:00", amount="100", currency=currency)
    event = decode(json.dumps(said).encode())
    assert isinstance(event, Event)
    index.stored("lead:7", entry_of(event))
    assert names_of(index, currency) == names


@pytest.mark.parametrize(("currency", "names"), [("USD", ["account:acme"]), ("EUR", [])])
def test_accounts_with_the_currency_of_the_reports_depend_on_no_rate(
    currency: str, names: list[str]
) -> None:
    index = ReferenceIndex(CATALOGUE, Pseudonyms(b""))
    record = decode(json.dumps(account("acme", currency=currency, potential="10")).encode())
    assert isinstance(record, ReferenceRecord)
    index.apply(record)
    assert names_of(index, currency) == names


def names_of(index: ReferenceIndex, currency: str) -> list[str]:
    """The event sets that depend on a currency."""
    found = {(kind, key): names for kind, key, names in index.dependencies()}
    return [*found.get((Dependency.CURRENCY, currency), ())]
