"""The import of a table of targets: every row becomes a `target.set`, or none is sent."""

import csv
import io
from typing import NamedTuple

from streams.config.settings import Settings
from streams.events import KnownNames
from streams.events.formats.json_text import without_mark
from streams.events.formats.target_event import target_event
from streams.gateway.errors import Problem
from streams.gateway.records import Record, checked, record
from streams.operations.ingest import open_sender

REQUIRED, OPTIONAL = ("kpi", "scope", "window", "value"), ("start",)
COLUMNS = (*REQUIRED, *OPTIONAL)
DELIMITERS = ",;\t"
NO_VALUE = (
    "is empty: a target stands until another one is set, and cannot be removed; write the new"
    " value, or from the first on a row with a start for each window that it is for"
)
# None: what is behind the last column, or a cell that the row does not have.
Cells = dict[str | None, str | list[str] | None]


class Targets(NamedTuple):
    """What a table says: records to send, and what is wrong with its rows."""

    records: list[Record]
    problems: list[Problem]


def read_targets(table: bytes, at: str, known: KnownNames) -> Targets:
    """Read a CSV table with the columns kpi, scope, window, value and perhaps start.

    `scope` is `all` or such as `rep=ann`; `at` is from when the targets hold, an instant with an
    offset. The same table at the same instant gives the same records.
    """
    try:
        text = without_mark(table).decode()
    except UnicodeDecodeError:
        return Targets(
            [], [Problem(1, "malformed", "the table is not UTF-8: save it as CSV UTF-8")]
        )
    lines = text.splitlines()
    delimiter = max(DELIMITERS, key=(lines or [""])[0].count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    found = Targets([], [])
    try:
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        if wrong := _wrong_columns(columns):
            return _refused(wrong)
        reader.fieldnames = columns
        for row in reader:
            _add(found, row, reader.line_num, at, known)
    except csv.Error as error:
        found.problems.append(Problem(reader.line_num + 1, "malformed", f"no CSV: {error}"))
    if not found.records and not found.problems:
        found.problems.append(Problem(1, "malformed", "the table has no targets"))
    return found


def _refused(reason: str) -> Targets:
    return Targets([], [Problem(1, "malformed", reason)])


async def send_targets(settings: Settings, records: list[Record]) -> None:
    """Write the records to Kafka. Raises SendingFailed with the number of accepted ones."""
    async with open_sender(settings) as sender:
        for each in records:
            await sender.add(each)


def _wrong_columns(columns: list[str]) -> str | None:
    for name in columns:
        if name not in COLUMNS:
            return f"there is no column {name[:40]!r}; known: {', '.join(COLUMNS)}"
    if missing := [name for name in REQUIRED if name not in columns]:
        return f"the column {missing[0]!r} is missing; the first line names the columns"
    return None


def _add(
    found: Targets,
    row: dict[str | None, str | list[str] | None],
    line: int,
    at: str,
    known: KnownNames,
) -> None:
    cells = {name: (row.get(name) or "") for name in COLUMNS}
    texts = {name: cell.strip() for name, cell in cells.items() if isinstance(cell, str)}
    if not any(texts.values()):
        return
    if None in row:
        found.problems.append(Problem(line, "malformed", "the row has more cells than columns"))
        return
    if not texts.get("value"):
        found.problems.append(Problem(line, "malformed", NO_VALUE, "value"))
        return
    outcome = checked(record(target_event(**texts, at=at), line), known)
    if isinstance(outcome, Problem):
        found.problems.append(outcome)
    else:
        found.records.append(outcome)
