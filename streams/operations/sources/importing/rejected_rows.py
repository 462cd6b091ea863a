"""Rejected rows of a file: as they are, for mending, and a list of reasons."""

from io import SEEK_END
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from streams.sources.exports.rows import Row
from streams.sources.exports.text import Encoding
from streams.sources.exports.translation import Wrong

# Those that are named on the terminal; the list has all.
LISTED = 100


class RejectedRows:
    """Two files beside the imported one, made when the first row is rejected.

    `<name>.rejected<suffix>` is of the same kind and encoding, to be mended and imported;
    `<name>.reasons.txt` has a line for each reason. `resume` are the sizes to go on from.
    """

    def __init__(self, path: Path, head: str, encoding: Encoding, resume: tuple[int, int]) -> None:
        self.mending = path.with_name(f"{path.stem}.rejected{path.suffix}")
        self.reasons = path.with_name(f"{path.stem}.reasons.txt")
        self.listed: list[Wrong] = []
        self._head = head
        self._encoding = encoding
        self._resume = resume
        self._open: tuple[BinaryIO, BinaryIO] | None = None

    def __enter__(self) -> Self:
        """Remove what an earlier import has left, unless this one continues it."""
        for path, size in zip((self.mending, self.reasons), self._resume, strict=True):
            if size == 0:
                path.unlink(missing_ok=True)
        if all(self._resume):
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close both files."""
        for stream in self._open or ():
            stream.close()

    def add(self, row: Row, reasons: list[Wrong]) -> None:
        """Write a row with its reasons."""
        mending, listed = self._open or self._start()
        raw = row.raw if row.raw.endswith(("\n", "\r")) else row.raw + "\n"
        mending.write(raw.encode(self._encoding.name, self._encoding.errors))
        for each in reasons:
            listed.write(f"{each}\n".encode(errors="replace"))
            if len(self.listed) < LISTED:
                self.listed.append(each)

    def sizes(self) -> tuple[int, int]:
        """Give the sizes of both files, all of which is on disk."""
        if self._open is None:
            return (0, 0)
        for stream in self._open:
            stream.flush()
        return (self._open[0].tell(), self._open[1].tell())

    def _start(self) -> tuple[BinaryIO, BinaryIO]:
        self._open = (
            _open_at(self.mending, self._resume[0]),
            _open_at(self.reasons, self._resume[1]),
        )
        if self._open[0].tell() == 0:
            self._open[0].write(self._head.encode(self._encoding.name, self._encoding.errors))
        return self._open


def _open_at(path: Path, size: int) -> BinaryIO:
    """Open a file for writing after its first `size` bytes; later ones are cut off."""
    stream = path.open("r+b" if size and path.exists() else "wb")
    # Somebody may have cut it or removed it meanwhile.
    stream.seek(min(size, stream.seek(0, SEEK_END)))
    stream.truncate()
    return stream
