"""Items of exported rows: the columns that rules name, with their cells converted."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.sources.exports.cells import BadCell
from streams.sources.exports.layout import FileLayout, normal
from streams.sources.exports.rows import BadFile, Row, Sheet

LISTED_HEADERS = 20


class BadRow(NamedTuple):
    """A row that is no item: the column that is wrong, if it is one, and the reason."""

    field: str | None
    reason: str


def choose(layouts: Iterable[FileLayout], kind: str | None, sheet: Sheet) -> FileLayout:
    """Give the layout of a file: the named one, or the one most of whose columns it has.

    Raises BadFile, which names what is missing.
    """
    known = {layout.kind: layout for layout in layouts}
    if kind is not None and kind not in known:
        raise BadFile(f'there is no kind "{kind}"; known here: {", ".join(known)}')
    headers = frozenset(map(normal, sheet.headers))
    wanted = [known[kind]] if kind is not None else list(known.values())
    fitting = [layout for layout in wanted if not layout.missing(headers)]
    if fitting:
        # A file of deals may well have the columns that a file of leads needs.
        most = max(layout.known(headers) for layout in fitting)
        fitting = [layout for layout in fitting if layout.known(headers) == most]
        if len(fitting) == 1:
            return fitting[0]
        kinds = " or ".join(layout.kind for layout in fitting)
        raise BadFile(f"it may be {kinds}; name one with --kind")
    lacking = "; ".join(
        f"{layout.kind} lacks {', '.join(layout.headers[name] for name in layout.missing(headers))}"
        for layout in wanted
    )
    listed = ", ".join(sheet.headers[:LISTED_HEADERS])
    raise BadFile(f"{lacking}; the file's columns are {listed}")


class Items:
    """What rules see of the rows of one kind of file."""

    def __init__(self, layout: FileLayout) -> None:
        self._cells = layout.cells
        self._columns = layout.columns
        self._found: tuple[tuple[str, ...], tuple[tuple[str, str], ...]] = ((), ())

    def item(self, row: Row) -> dict[str, object] | BadRow:
        """Give a row's cells by header as written, and by the names that the layout gives them."""
        if row.reason:
            return BadRow(None, row.reason)
        found = {
            header: value.strip() if isinstance(value, str) else value
            for header, value in row.values.items()
        }
        for column, header in self._places(tuple(row.values)):
            value = row.values[header]
            try:
                found[column] = (
                    self._cells.value(column, value) if isinstance(value, str) else value
                )
            except BadCell as error:
                return BadRow(header, str(error))
        return found

    def _places(self, headers: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Give each named column that is there, with its header; of several the first listed."""
        if self._found[0] != headers:
            written = {normal(header): header for header in reversed(headers)}
            places = tuple(
                (column, next(written[each] for each in known if each in written))
                for column, known in self._columns.items()
                if not written.keys().isdisjoint(known)
            )
            self._found = (headers, places)
        return self._found[1]
