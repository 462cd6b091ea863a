"""Snapshots of the model: rows and cells at one instant, and what a new owner makes of them."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.model.broker import Record
from tests.model.facts import Cells, Rows, fold, plus
from tests.model.rules import Rules

PART, MANIFEST = "part", "manifest"
PARTS = 2
State = dict[str, Any]


class Part(NamedTuple):
    """Some of the cells and rows."""

    cells: Cells
    rows: Rows


class Manifest(NamedTuple):
    """The last record of a snapshot; `other` is what the state has beside rows."""

    parts: tuple[Part, ...]  # stands for their digest
    now: int
    version: int
    other: State


class Snapshot(NamedTuple):
    """A snapshot as it was read."""

    manifest: Manifest
    cells: Cells
    rows: Rows


def is_of_snapshot(key: object) -> bool:
    """Whether a record of the state belongs to a snapshot."""
    return isinstance(key, tuple) and key[0] in (PART, MANIFEST)


def records_of(
    cells: Cells, rows: Rows, other: State, now: int, version: int
) -> list[tuple[Any, Any]]:
    """The records of a snapshot, in the order of writing."""
    parts = tuple(Part(_some(cells, n), _some(rows, n)) for n in range(PARTS))
    manifest = Manifest(parts, now, version, other)
    return [*(((PART, n), (part,)) for n, part in enumerate(parts)), ((MANIFEST,), (manifest,))]


def restored(
    records: Iterable[Record], rules: Rules, now: int, version: int
) -> tuple[State, Snapshot | None]:
    """The state as a new owner reads it: from the last snapshot that can be used on, or all."""
    snapshot, later = _read(records, rules, version)
    if snapshot is None or (rules.snapshot_clock and snapshot.manifest.now > now):
        return {r.key: r.value for r in records if not is_of_snapshot(r.key)}, None
    state: State = {
        **snapshot.manifest.other,
        **{key: (row,) for key, row in snapshot.rows.items()},
    }
    return state | later, snapshot


def error_of(snapshot: Snapshot | None, rows: Rows, rules: Rules, now: int, version: int) -> Cells:
    """How far cells restored from a snapshot are from the fold of all rows: by rights, nothing."""
    if snapshot is None:
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


def _read(records: Iterable[Record], rules: Rules, version: int) -> tuple[Snapshot | None, State]:
    """The last snapshot that can be used, and the state records after it."""
    later: State = {}
    parts: dict[int, Part] = {}
    found: Snapshot | None = None
    for record in records:
        if not is_of_snapshot(record.key):
            later[record.key] = record.value
            continue
        if record.key[0] == PART:
            parts[record.key[1]] = record.value[0]
            continue
        manifest: Manifest = record.value[0]
        whole = tuple(parts.get(n, Part({}, {})) for n in range(PARTS))
        if rules.snapshot_digest and whole != manifest.parts:
            continue
        if rules.snapshot_fingerprint and manifest.version != version:
            continue
        cells = {name: cell for part in whole for name, cell in part.cells.items()}
        rows = {name: row for part in whole for name, row in part.rows.items()}
        found, later = Snapshot(manifest, cells, rows), {}
    return found, later


def _some(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {name: values[name] for name in sorted(values)[number::PARTS]}
