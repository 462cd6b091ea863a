"""The import of an exported file of a CRM into Kafka, by the mapping file of its source.

Repeating is harmless, since ids are made of what is in the file. What was interrupted is continued
at the last position that Kafka has acknowledged.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from streams.config.settings import Settings
from streams.events import KnownNames
from streams.gateway.errors import Problem
from streams.gateway.records import checked, record
from streams.operations.ingest import EventSender, open_sender
from streams.operations.sources.importing.position import (
    Position,
    digest,
    forget_position,
    read_position,
    write_position,
)
from streams.operations.sources.importing.rejected_rows import RejectedRows
from streams.sources.exports.reading import Export
from streams.sources.exports.rows import Row
from streams.sources.exports.translation import RowTranslation, Wrong
from streams.sources.source import Source

# After so many rows everything is acknowledged and the position is written.
POSITION_ROWS = 10_000
ROWS_PER_REPORT = 500
OnProgress = Callable[[int], object]


class FileToImport(NamedTuple):
    """A file, and how it is to be read.

    Attributes:
        path: Where it is.
        source: The source that it was exported from.
        label: The account of the source, or "".
        kind: Its kind, None: by its columns.
        encoding: The codec, if it has no byte order mark; None: as its layout says.
    """

    path: Path
    source: Source
    label: str = ""
    kind: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """The result of an import.

    Attributes:
        kind: The kind of the file.
        position: What was done, earlier runs included.
        skipped: How many rows an earlier run had done.
        wrong: What is wrong in the first rejected rows of this run.
        mending: The file of rejected rows.
        reasons: The file of reasons.
        seconds: How long it took.
    """

    kind: str
    position: Position
    skipped: int
    wrong: tuple[Wrong, ...]
    mending: Path
    reasons: Path
    seconds: float


class FileImport:
    """The import of one file.

    Reference records may name what is `known`; None: that is not checked. A trial sends nothing
    and keeps no position; rejected rows are written all the same.
    """

    def __init__(
        self,
        file: FileToImport,
        settings: Settings,
        known: KnownNames | None = None,
        *,
        is_trial: bool = False,
    ) -> None:
        self._file = file
        self._settings = settings
        self._known = known
        self._is_trial = is_trial
        of = digest(file.path, f"{file.source.digest} {file.label} {file.kind} {file.encoding}")
        self._at = Position(of) if is_trial else read_position(file.path, of)

    def run(self, on_progress: OnProgress) -> Imported:
        """Import; `on_progress` is called with the number of bytes read.

        Raises BadFile, SendingFailed, and OSError. Not to be called from a running event loop.
        """
        begun, skipped, path = time.monotonic(), self._at.rows, self._file.path
        with path.open("rb") as stream, closing(self._export(stream)) as export:
            resume = (self._at.mending, self._at.reasons)
            with RejectedRows(path, export.head, export.encoding, resume) as rejected:
                asyncio.run(self._send(export, rejected, lambda: on_progress(stream.tell())))
        if not self._is_trial:
            forget_position(path)
        return Imported(
            kind=export.layout.kind,
            position=self._at,
            skipped=skipped,
            wrong=tuple(rejected.listed),
            mending=rejected.mending,
            reasons=rejected.reasons,
            seconds=time.monotonic() - begun,
        )

    def _export(self, stream: BinaryIO) -> Export:
        file = self._file
        return Export(stream, file.source.files.values(), file.kind, file.encoding)

    async def _send(
        self, export: Export, rejected: RejectedRows, on_rows: Callable[[], object]
    ) -> None:
        if self._is_trial:
            await self._rows(export, rejected, on_rows, None)
            return
        async with open_sender(self._settings) as sender:
            await self._rows(export, rejected, on_rows, sender)

    async def _rows(
        self,
        export: Export,
        rejected: RejectedRows,
        on_rows: Callable[[], object],
        sender: EventSender | None,
    ) -> None:
        file = self._file
        written_ms = int(file.path.stat().st_mtime * 1000)
        translation = RowTranslation(
            file.source, export.layout, file.label, written_ms, self._settings.secret
        )
        for row, item in islice(export.rows(), self._at.rows, None):
            found = translation.outcome(row, item)
            sent, wrong = await self._events(row, found.events, sender)
            if wrong := [*found.wrong, *wrong]:
                rejected.add(row, wrong)
            at = self._at
            self._at = replace(
                at,
                rows=at.rows + 1,
                events=at.events + sent,
                rejected=at.rejected + bool(wrong),
                ignored=at.ignored + (not sent and not wrong),
            )
            if self._at.rows % ROWS_PER_REPORT == 0:
                on_rows()
            if sender is not None and self._at.rows % POSITION_ROWS == 0:
                await self._keep_position(sender, rejected)
        on_rows()

    async def _events(
        self, row: Row, events: list[bytes], sender: EventSender | None
    ) -> tuple[int, list[Wrong]]:
        """Send the events of a row; give their number, and what is wrong with others."""
        wrong: list[Wrong] = []
        for event in events:
            outcome = checked(record(event, row.line), self._known)
            if isinstance(outcome, Problem):
                wrong.append(Wrong(row.line, outcome.field or "", "", outcome.reason))
            elif sender is not None:
                await sender.add(outcome)
        return len(events) - len(wrong), wrong

    async def _keep_position(self, sender: EventSender, rejected: RejectedRows) -> None:
        """Write the position down once Kafka has acknowledged what is before it."""
        await sender.flush()
        mending, reasons = rejected.sizes()
        self._at = replace(self._at, mending=mending, reasons=reasons)
        write_position(self._file.path, self._at)
