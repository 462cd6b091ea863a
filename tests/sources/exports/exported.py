"""What exported files of the shipped sources become."""

from io import BytesIO

from streams.sources.exports.reading import Export
from streams.sources.exports.translation import RowTranslation, Wrong
from tests.sources.translated import KEY, RECEIVED, shipped


def rows(source: str, content: bytes, kind: str | None = None) -> tuple[list[bytes], list[Wrong]]:
    """Translate a file: its events, and what is wrong in it."""
    found = shipped()[source]
    export = Export(BytesIO(content), found.files.values(), kind)
    translation = RowTranslation(found, export.layout, "", RECEIVED, KEY)
    events: list[bytes] = []
    wrong: list[Wrong] = []
    for row, item in export.rows():
        outcome = translation.outcome(row, item)
        events += outcome.events
        wrong += outcome.wrong
    return events, wrong


def exported(source: str, content: str, kind: str | None = None) -> list[bytes]:
    """The events of a file, nothing in which may be wrong."""
    events, wrong = rows(source, content.encode(), kind)
    assert not wrong, [str(each) for each in wrong]
    return events
