"""How far a file has been imported, in a file beside it."""

import json
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path

from streams.operations.output_file import output_file

# So many bytes of a file tell it apart from others, with its size.
HEAD_BYTES = 65_536
SUFFIX = ".position"


@dataclass(frozen=True, slots=True)
class Position:
    """What is in Kafka of one file, as one mapping translates it.

    Attributes:
        of: The digest of the file and of the mapping.
        rows: How many rows are done.
        events: How many events they became.
        rejected: How many of them were rejected.
        ignored: Of how many no event was made.
        mending: The size in bytes of the file of rejected rows.
        reasons: The size in bytes of the file of reasons.
    """

    of: str
    rows: int = 0
    events: int = 0
    rejected: int = 0
    ignored: int = 0
    mending: int = 0
    reasons: int = 0


def digest(path: Path, mapping: str) -> str:
    """Give the digest of a file and of how it is mapped."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    parts = (head, str(path.stat().st_size).encode(), mapping.encode())
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def read_position(path: Path, of: str) -> Position:
    """Give the position of a file, its beginning if there is none of this file and mapping."""
    try:
        found = json.loads(_beside(path).read_bytes())
    except (FileNotFoundError, ValueError):
        return Position(of)
    names = {field.name for field in fields(Position)}
    if not isinstance(found, dict) or found.keys() != names or found["of"] != of:
        return Position(of)
    return Position(**found)


def write_position(path: Path, position: Position) -> None:
    """Write the position of a file; whatever happens, one whole position is there."""
    with output_file(_beside(path)) as stream:
        stream.write(json.dumps(asdict(position)).encode())


def forget_position(path: Path) -> None:
    """Remove the position of a file, if there is one: it is done."""
    _beside(path).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)
