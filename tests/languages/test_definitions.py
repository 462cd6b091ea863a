"""Names and definitions of KPIs: in every language all of the stock catalogue, and nothing else."""

import re
from collections import Counter

import pytest

from streams.config.settings import Settings
from streams.languages import LANGUAGES
from streams.languages.language import language, texts_of
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries

ENGLISH = {kpi: entry["text"] for kpi, entry in entries(catalogue(Settings())).items()}
OTHERS = [code for code in LANGUAGES if code != "en"]
KEYS = ("name", "about")
FILE = "streams/languages/definitions/{}.toml"
# In English, what records say stands between backticks: a label of theirs, or another KPI.
QUOTED = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"\d[\d,]*")


def abouts(code: str) -> dict[str, str]:
    texts = texts_of(code)
    return {kpi: texts.get(f"kpi.{kpi}.about", "") for kpi in ENGLISH}


def numbers(text: str) -> list[int]:
    return sorted(int(found.replace(",", "")) for found in NUMBER.findall(text))


def quoted(text: str) -> set[str]:
    return set(QUOTED.findall(text))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_kpi_has_a_name_and_a_definition(code: str) -> None:
    missing = [
        f"[{kpi}] {key}"
        for kpi in ENGLISH
        for key in KEYS
        if f"kpi.{kpi}.{key}" not in texts_of(code)
    ]
    assert not missing, f"{FILE.format(code)} lacks {', '.join(missing)}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_defined_that_is_no_kpi(code: str) -> None:
    known = {f"kpi.{kpi}.{key}" for kpi in ENGLISH for key in KEYS}
    extra = [key for key in texts_of(code) if key.startswith("kpi.") and key not in known]
    assert not extra, f"{FILE.format(code)} has too much: {', '.join(extra)}"


@pytest.mark.parametrize("kpi", ENGLISH)
def test_definitions_are_translated_from_the_text_of_the_catalogue(kpi: str) -> None:
    assert language("en").about(kpi, ENGLISH[kpi]) is not None, (
        f"the docstring of {kpi} has changed: write it into {FILE.format('en')}, and translate it"
    )


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_kpis_have_one_name(code: str) -> None:
    names = Counter(language(code).title(kpi) for kpi in ENGLISH)
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("code", OTHERS)
def test_definitions_have_the_numbers_of_the_english_one(code: str) -> None:
    wrong = [kpi for kpi, about in abouts(code).items() if numbers(about) != numbers(ENGLISH[kpi])]
    assert not wrong


@pytest.mark.parametrize("code", OTHERS)
def test_definitions_have_the_labels_of_records_as_they_are(code: str) -> None:
    wrong = [
        (kpi, label)
        for kpi, about in abouts(code).items()
        for label in quoted(ENGLISH[kpi]) - set(ENGLISH)
        if label not in about
    ]
    assert not wrong


@pytest.mark.parametrize("code", OTHERS)
def test_definitions_call_other_kpis_by_their_names(code: str) -> None:
    wrong = [
        (kpi, other)
        for kpi, about in abouts(code).items()
        for other in quoted(ENGLISH[kpi]) & set(ENGLISH)
        if language(code).title(other) not in about or other in about
    ]
    assert not wrong
