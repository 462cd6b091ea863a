"""Snapshots of the model: cells at one instant, and what a new owner makes of them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.model.broker import Record
from tests.model.facts import Cells, Rows, fold, plus
from tests.model.rules import Rules

PART, MANIFEST = "part", "manifest"
PARTS = 2


class Manifest(NamedTuple):
    """The last record of a snapshot."""

    parts: tuple[Cells, ...]  # stands for their digest
    now: int
    version: int
    events: int


class Snapshot(NamedTuple):
    """A snapshot as it was read, with the rows that were read before it."""

    manifest: Manifest
    cells: Cells
    rows: Rows


def is_of_snapshot(key: object) -> bool:
    """Whether a record of the state belongs to a snapshot."""
    return isinstance(key, tuple) and key[0] in (PART, MANIFEST)


def records_of(cells: Cells, rows: Rows, now: int, version: int) -> list[tuple[Any, Any]]:
    """The records of a snapshot, in the order of writing."""
    names = sorted(cells)
    parts = tuple({name: cells[name] for name in names[n::PARTS]} for n in range(PARTS))
    manifest = Manifest(parts, now, version, _events(rows))
    return [*(((PART, n), (part,)) for n, part in enumerate(parts)), ((MANIFEST,), (manifest,))]


def error_of_restored(
    records: Iterable[Record], rows: Rows, rules: Rules, now: int, version: int
) -> Cells:
    """How far cells restored from a snapshot are from the fold of all rows: by rights, nothing."""
    snapshot = _read(records, rules, version)
    if snapshot is None or (rules.snapshot_clock and snapshot.manifest.now > now):
        return {}
    before, earlier = snapshot.rows if rules.snapshot_follow else rows, snapshot.manifest.now
    # What time has changed it does not change back.
    latest = max(now, earlier)
    error = added(snapshot.cells, fold(before, earlier, version), -1)
    error = added(error, fold(rows, latest, version))
    return added(error, fold(rows, now, version), -1)


def added(left: Cells, right: Cells, sign: int = 1) -> Cells:
    """Add cells to others, or take them away."""
    found = {name: plus(left.get(name), right.get(name), sign) for name in {*left, *right}}
    return {name: cell for name, cell in found.items() if cell is not None}


def _read(records: Iterable[Record], rules: Rules, version: int) -> Snapshot | None:
    """The last snapshot that can be used."""
    rows: dict[str, Any] = {}
    parts: dict[int, Cells] = {}
    found: Snapshot | None = None
    for record in records:
        if not is_of_snapshot(record.key):
            if isinstance(record.value[0], dict):
                rows[record.key] = record.value[0]
            continue
        if record.key[0] == PART:
            parts[record.key[1]] = record.value[0]
            continue
        manifest: Manifest = record.value[0]
        whole = tuple(parts.get(n, {}) for n in range(PARTS))
        if rules.snapshot_digest and whole != manifest.parts:
            continue
        if rules.snapshot_fingerprint and manifest.version != version:
            continue
        found = None
        if _events(rows) == manifest.events or not rules.snapshot_count:
            cells = {name: cell for part in whole for name, cell in part.items()}
            found = Snapshot(manifest, cells, dict(rows))
    return found


def _events(rows: Rows) -> int:
    return sum(map(len, rows.values()))
