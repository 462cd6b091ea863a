"""The committed page of the settings is what the program reads."""

from dataclasses import fields
from pathlib import Path

from streams.artifacts.settings_page import (
    FILE,
    page,
    write,
)
from streams.config.declaration import declared
from streams.config.environment import name_of
from streams.config.settings import SECRETS, Settings

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / FILE


def rows(text: str) -> dict[str, list[str]]:
    """Give the cells of every setting's row, by the setting's name."""
    cut = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`").lower(): cells for cells in cut}


def test_committed_page_is_what_the_settings_say() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == page(), "run: make generated"


def test_page_has_a_row_for_every_setting(tmp_path: Path) -> None:
    found = rows(write(tmp_path).read_text(encoding="utf-8"))
    assert list(found) == [name_of(each).lower() for each in fields(Settings)]


def test_row_has_default_range_unit_and_meaning() -> None:
    assert rows(page())["stale_days"] == [
        "`STALE_DAYS`",
        "`30`",
        "1 to 10000",
        "days",
        "Days without an event after which an open deal is stale.",
    ]


def test_every_meaning_is_a_sentence() -> None:
    meanings = [declared(each).meaning for each in fields(Settings)]
    assert all(meaning[0].isupper() and meaning.endswith(".") for meaning in meanings)


def test_secrets_are_those_that_may_come_from_a_file() -> None:
    assert (
        *("kafka_password", "secrets", "api_tokens", "inbox_key"),
        *("token", "erasure_key", "history"),
    ) == SECRETS
