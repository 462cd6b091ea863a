"""What a card says of its KPI: the catalogue's text, and the settings in force."""

from dataclasses import replace
from typing import Any

import pytest

from streams.config.rules import Rules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.languages import LANGUAGES
from streams.languages.format import Formats
from streams.languages.language import language, texts_of
from streams.page.definitions.definition import definition
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries, in_force
from tests.page.views.company import page
from tests.page.views.document import parse as parsed

ENTRIES = entries(catalogue(Settings()))


def settings_of(
    kpi: str, rules: str = "", code: str = "en", window: str = "month", **changed: Any
) -> list[str]:
    settings = replace(Settings(timezone="Europe/Berlin"), **changed)
    ruled = parse(read_table(rules, "rules.toml")) if rules else Rules()
    found = definition(Formats(language(code)), ENTRIES[kpi], in_force(settings, ruled), window)
    return list(found.settings)


def test_definition_names_the_settings_that_the_number_depends_on() -> None:
    assert settings_of("response_time") == [
        "Benchmark: 1 hr.",
        "Days begin by the clock of Europe/Berlin.",
        "It counts for the team that the rep is in today.",
        "Waiting counts around the clock.",
    ]


def test_business_hours_are_written_out() -> None:
    rules = (
        '[definitions]\nresponse_hours = "business"\n[definitions.business]\n'
        'days = ["sunday", "monday"]\nbegins = "08:30"\nends = "24:00"\ncountry = "BG"\n'
    )
    assert settings_of("response_within_hour", rules)[-2:] == [
        "Waiting counts in business hours only: Monday, Sunday, 08:30 to 24:00.",
        "Public holidays (BG) do not count.",
    ]


def test_choices_are_told_as_they_are() -> None:
    rules = '[definitions]\nwin = "first"\nclose_rate_by = "creation"\nowner = "event"\n'
    found = settings_of("close_rate", rules)
    assert "A deal that is won again counts from its first win." in found
    assert "A deal counts when it was created." in found
    assert "It counts for the rep who had it then." in found
    assert "Amounts are in EUR." not in found


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ("week", "Weeks begin on Sunday."),
        ("quarter", "The fiscal year begins in April."),
        ("year", "The fiscal year begins in April."),
    ],
)
def test_where_windows_begin_is_told_of_those_windows(window: str, sentence: str) -> None:
    changed: dict[str, Any] = {"week_start": 6, "fiscal_start": 4}
    assert sentence in settings_of("revenue_won", window=window, **changed)
    assert sentence not in settings_of("revenue_won", window="month", **changed)


def test_probabilities_are_shares_in_the_readers_digits() -> None:
    found = settings_of("pipeline_weighted", code="fa", stage_probability={"offer": "0.4"})
    assert any("offer ۴۰" in sentence for sentence in found)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("kpi", ENTRIES)
def test_definition_is_in_the_readers_language(kpi: str, code: str) -> None:
    found = definition(
        Formats(language(code)), ENTRIES[kpi], in_force(Settings(), Rules()), "month"
    )
    assert found.language == code
    assert found.text == texts_of(code)[f"kpi.{kpi}.about"]


def test_text_that_was_changed_since_is_shown_in_english() -> None:
    changed = {**ENTRIES["call_count"], "text": "Calls of robots, too."}
    found = definition(Formats(language("fa")), changed, in_force(Settings(), Rules()), "month")
    assert (found.text, found.language, found.direction) == ("Calls of robots, too.", "en", "ltr")


def test_kpi_of_a_companys_own_has_its_own_text_and_is_marked_as_english() -> None:
    own = {**ENTRIES["deal_count"], "kpi": "quick_wins", "text": "Deals won within seven days."}
    found = definition(Formats(language("bg")), own, in_force(Settings(), Rules()), "month")
    assert (found.text, found.language) == ("Deals won within seven days.", "en")
    assert language("bg").title("quick_wins") == "Quick wins"


def test_card_shows_it_and_marks_what_is_english() -> None:
    about = {each.attributes["id"]: each for each in parsed(page(language="hy")).all(name="about")}[
        "about-close_rate"
    ]
    text = next(about.all("p"))
    assert "lang" not in text.attributes
    assert text.text == texts_of("hy")["kpi.close_rate.about"]
    formula = next(each for each in about.all("dd") if each.attributes.get("lang") == "en")
    assert formula.text == "deals won / (deals won + deals lost)"
    sentences = [each.text for each in about.all("dd")]
    assert texts_of("hy")["setting.owner_now"] in sentences
