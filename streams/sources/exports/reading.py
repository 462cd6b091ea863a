"""An exported file as it is read: its kind, and what rules see of each row."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from streams.sources.exports.items import BadRow, Items, choose
from streams.sources.exports.layout import FileLayout
from streams.sources.exports.rows import BadFile, Row, sheet
from streams.sources.exports.text import open_text


class Export:
    """An open file of one kind.

    Attributes:
        layout: The kind that it is of.
        encoding: How its characters are written.
        head: Its characters before the first row.
    """

    def __init__(
        self,
        stream: BinaryIO,
        layouts: Iterable[FileLayout],
        kind: str | None = None,
        encoding: str | None = None,
    ) -> None:
        """Read the header. Raises BadFile. The stream stays the caller's to close."""
        known = list(layouts)
        configured = encoding or next((each.encoding for each in known if each.encoding), None)
        self._text, self.encoding = open_text(stream, configured)
        try:
            self._sheet = sheet(self._text)
            self.layout: FileLayout = choose(known, kind, self._sheet)
        except UnicodeDecodeError as error:
            self.close()
            raise BadFile(f"its header is not {error.encoding}: {error.reason}") from error
        except BadFile:
            self.close()
            raise
        self.head = self._sheet.head

    def rows(self) -> Iterator[tuple[Row, dict[str, object] | BadRow]]:
        """Yield every row, and its item or why it has none; once."""
        items = Items(self.layout)
        for row in self._sheet.rows():
            yield row, items.item(row)

    def close(self) -> None:
        """Let go of the stream."""
        self._text.detach()
