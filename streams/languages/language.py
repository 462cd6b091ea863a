"""The languages of page and reports: a file of texts each, and one of what KPIs mean."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

FOLDER = Path(__file__).parent
DEFINITIONS = FOLDER / "definitions"


class Language:
    """The texts and the locale of one language."""

    def __init__(self, code: str, texts: Mapping[str, str]) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._texts = texts

    @property
    def direction(self) -> str:
        """Return `ltr` or `rtl`, as HTML calls it."""
        return self.locale.text_direction

    def text(self, key: str, **values: object) -> str:
        """Give a text with its places filled in. Raises KeyError for a key that it lacks."""
        found = self._texts[key]
        return found.format(**values) if values else found

    def has(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in self._texts

    def title(self, kpi: str) -> str:
        """Give a KPI's name; of one that is not of the stock catalogue, its own in spaced words."""
        return self._texts.get(f"kpi.{kpi}.name") or kpi.replace("_", " ").capitalize()

    def about(self, kpi: str, english: str) -> str | None:
        """Give what a KPI means; None where it is not translated, or from another English text."""
        key = f"kpi.{kpi}.about"
        if key not in self._texts or _one_line(english) != _one_line(language("en").text(key)):
            return None
        return self._texts[key]

    def noun(self, name: str, count: float | None) -> str:
        """Give what is counted, in the form that goes with a count."""
        form = "other" if count is None else self.locale.plural_form(count)
        return self._texts.get(f"noun.{name}.{form}") or self._texts[f"noun.{name}.other"]

    def texts(self, *tables: str) -> dict[str, str]:
        """Give the texts of some tables, by their whole keys."""
        return {k: v for k, v in self._texts.items() if k.partition(".")[0] in tables}


@cache
def language(code: str) -> Language:
    """Read a language's catalogue, once."""
    return Language(code, texts_of(code))


def texts_of(code: str) -> dict[str, str]:
    """Give all texts of a language by their dotted keys."""
    texts, definitions = (_read(folder / f"{code}.toml") for folder in (FOLDER, DEFINITIONS))
    return dict(_flat(texts) + _flat(definitions, "kpi."))


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, value))
    return found
