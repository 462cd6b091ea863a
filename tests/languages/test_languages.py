"""Texts: complete in every language; and numbers in each one's form."""

import re
import string
from datetime import date
from decimal import Decimal

import pytest

from streams.languages import LANGUAGES
from streams.languages.format import DAY, HOUR, MINUTE, Formats
from streams.languages.language import language, texts_of


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_text_is_missing_in_any_language(code: str) -> None:
    assert set(texts_of(code)) == set(texts_of("en"))


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_text_is_empty(code: str) -> None:
    assert not [key for key, text in texts_of(code).items() if not text.strip()]


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_text_has_the_places_that_the_english_one_has(code: str) -> None:
    english = texts_of("en")
    wrong = [key for key, text in texts_of(code).items() if places(text) != places(english[key])]
    assert not wrong


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_is_left_in_english(code: str) -> None:
    english = texts_of("en")
    same = [key for key, text in texts_of(code).items() if text == english[key]]
    assert not same


@pytest.mark.parametrize(
    ("code", "shown"), [("en", "1,205"), ("bg", "1205"), ("fa", "۱٬۲۰۵"), ("hy", "1205")]
)
def test_numbers_have_the_digits_and_groups_of_their_language(code: str, shown: str) -> None:
    text = Formats(language(code)).decimal(Decimal(1205))
    assert re.sub(r"\s", "", text) == shown


@pytest.mark.parametrize(("code", "shown"), [("en", "81.6%"), ("bg", "81,6%"), ("fa", "۸۱٫۶٪")])
def test_shares_have_their_sign(code: str, shown: str) -> None:
    assert Formats(language(code)).percent(0.8164) == shown


def test_large_money_is_short_and_small_money_is_in_full() -> None:
    formats = Formats(language("en"))
    shown = [formats.money(Decimal(text), "EUR") for text in ("8420.55", "1240000", "-300")]
    assert shown == ["€8,421", "€1.24M", "-€300"]


def test_exact_money_has_its_cents() -> None:
    assert Formats(language("en")).exact(Decimal("1240000.55"), "money:EUR") == "€1,240,000.55"


def test_durations_have_the_unit_that_suits_them() -> None:
    formats = Formats(language("en"))
    shown = [
        formats.duration(size) for size in (4_000, 24 * MINUTE, 90 * MINUTE, 47 * HOUR, 9 * DAY)
    ]
    assert shown == ["4 sec", "24 min", "1.5 hr", "47 hr", "9 days"]


def test_persian_days_have_persian_digits() -> None:
    assert Formats(language("fa")).day(date(2026, 3, 14)) == "۱۴ مارس"


def test_one_deal_is_no_deals() -> None:
    formats = Formats(language("en"))
    assert [formats.value("deal_count", n, "count").text for n in (1, 2)] == ["1 deal", "2 deals"]


def test_leads_for_each_hour_are_no_share() -> None:
    assert Formats(language("en")).value("lead_generation_rate", 3.5, "ratio").text == "3.5 an hour"


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_unit_begins_with_a_number_that_could_be_read_with_the_value(code: str) -> None:
    units = language(code).texts("unit").values()
    assert not [unit for unit in units if unit[0].isdigit()]
