"""Exported files as bytes, read with a layout."""

from io import BytesIO

from streams.config.declaration import BadSetting
from streams.sources.exports.items import BadRow, Items, choose
from streams.sources.exports.layout import FileLayout, file_layout
from streams.sources.exports.rows import Row, sheet
from streams.sources.exports.text import open_text
from streams.sources.mapping.compile_field import Setting
from streams.sources.written import read

DEALS = """
needs = ["id", "amount"]
numbers = ["amount"]
decimal = ","
times = ["closed"]
formats = ["%d.%m.%Y %H:%M", "%d.%m.%Y"]
blank = ["not closed"]
[columns]
id = ["ID"]
amount = ["Budget", "Amount"]
closed = ["Closed at"]
"""


def layout(text: str = DEALS, kind: str = "deals") -> FileLayout:
    """Compile a layout. Raises BadSetting for a mistake in it."""
    written = read(text, "acme.toml")
    found = file_layout(kind, written.top(), {}, Setting({}, {}))
    if written.mistakes or found is None:
        raise BadSetting("; ".join(mistake.text for mistake in written.mistakes))
    return found


def rows(content: bytes, encoding: str | None = None) -> list[Row]:
    text, _ = open_text(BytesIO(content), encoding)
    return list(sheet(text).rows())


def items(content: bytes, text: str = DEALS) -> list[dict[str, object] | BadRow]:
    """Read a file of the only kind there is."""
    only = layout(text)
    opened, _ = open_text(BytesIO(content), only.encoding)
    found = sheet(opened)
    assert choose([only], None, found) is only
    read = Items(only)
    return [read.item(row) for row in found.rows()]
