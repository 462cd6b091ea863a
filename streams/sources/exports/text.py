"""Characters of an exported file: encodings, byte order marks and bounded lines."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, TextIO

# Of one line, in characters; longer ones are no rows of an export.
LINE_CHARACTERS = 1_048_576
# Named with their byte order: `utf-16` would write that of this machine.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Encoding(NamedTuple):
    """A codec by name, and its error handler, with which unreadable bytes survive a copy."""

    name: str
    errors: str


def encoding(start: bytes, configured: str | None) -> Encoding:
    """Give the encoding of a text by its first bytes; `configured` is that without a mark."""
    for mark, name in MARKS:
        if start.startswith(mark):
            return _encoding(name)
    if len(start) >= 2 and (start[0] == 0) != (start[1] == 0):
        return _encoding("utf-16-be" if start[0] == 0 else "utf-16-le")
    return _encoding(configured or "utf-8")


def open_text(stream: BinaryIO, configured: str | None) -> tuple[io.TextIOWrapper, Encoding]:
    """Open a stream at its beginning as text; line ends stay as they are."""
    start = stream.read(4)
    stream.seek(0)
    found = encoding(start, configured)
    return io.TextIOWrapper(stream, found.name, found.errors, newline=""), found


def lines(text: TextIO) -> Iterator[str]:
    """Yield each line with its end; of a line that is too long its first LINE_CHARACTERS."""
    while line := text.readline(LINE_CHARACTERS):
        rest = line
        while len(rest) == LINE_CHARACTERS and not rest.endswith(("\n", "\r")):
            rest = text.readline(LINE_CHARACTERS)
        yield line


def is_text(line: str) -> bool:
    """Return whether all characters of a line could be read."""
    return line.isascii() or not any("\ud800" <= character <= "\udfff" for character in line)


def _encoding(name: str) -> Encoding:
    return Encoding(name, "surrogatepass" if name.startswith("utf-16") else "surrogateescape")
