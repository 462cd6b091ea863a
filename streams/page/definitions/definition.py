"""The definition of a KPI, as a card shows it on hover or focus."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streams.languages.format import Formats
from streams.languages.language import Language, language
from streams.page.definitions.in_force import sentences

ENGLISH = "en"


class Meaning(NamedTuple):
    """What a KPI means, and the language that this is written in."""

    text: str
    language: Language


class Definition(NamedTuple):
    """What a KPI means.

    Attributes:
        text: the catalogue's, in the reader's language where it is translated.
        language: the code of the language of `text`.
        settings: a sentence for each setting that the number depends on.
    """

    text: str
    language: str
    direction: str
    formula: str
    source: str
    unit: str
    better: str
    settings: Sequence[str]


def meaning(reader: Language, entry: Mapping[str, Any]) -> Meaning:
    """Give the text of a catalogue entry, in the reader's language where it is translated."""
    translated = reader.about(entry["kpi"], entry["text"])
    if translated is None:
        return Meaning(entry["text"], language(ENGLISH))
    return Meaning(translated, reader)


def definition(
    formats: Formats, entry: Mapping[str, Any], settings: Mapping[str, Any], window: str
) -> Definition:
    """Give the definition of a catalogue entry under the settings, for windows of a kind."""
    means = meaning(formats.language, entry)
    return Definition(
        text=means.text,
        language=means.language.code,
        direction=means.language.direction,
        formula=entry["formula"],
        source=entry["source"],
        unit=entry["unit"],
        better=formats.language.text(f"better.{entry['better']}"),
        settings=sentences(formats, entry, settings, window),
    )
