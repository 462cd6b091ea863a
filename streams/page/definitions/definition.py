"""The definition of a KPI, as a card shows it on hover or focus."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from streams.languages.format import Formats
from streams.page.definitions.in_force import sentences

ENGLISH = "en"


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


def definition(
    formats: Formats, entry: Mapping[str, Any], settings: Mapping[str, Any], window: str
) -> Definition:
    """Give the definition of a catalogue entry under the settings, for windows of a kind."""
    text = formats.language.text
    translated = formats.language.about(entry["kpi"], entry["text"])
    is_english = translated is None
    return Definition(
        text=entry["text"] if translated is None else translated,
        language=ENGLISH if is_english else formats.language.code,
        direction="ltr" if is_english else formats.language.direction,
        formula=entry["formula"],
        source=entry["source"],
        unit=entry["unit"],
        better=text(f"better.{entry['better']}"),
        settings=sentences(formats, entry, settings, window),
    )
