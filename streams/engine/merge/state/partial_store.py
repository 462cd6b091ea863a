"""Partial aggregates of all aggregate partitions, and their changes not in any window yet."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import NamedTuple

from streams.engine.algebra.measures import (
    Grouped,
    add_grouped,
    change,
)
from streams.engine.algebra.packed_vectors import pack, unpack
from streams.engine.merge.state.organisation import Organisation

# Partials that stay unpacked, about 1.4 kB each: those that change all the time are among them.
UNPACKED_PARTIALS = 5_000


class CellChange(NamedTuple):
    """What to add to the windows of a day or hour (`when`) in a scope."""

    when: str
    scope: str
    vectors: Grouped


class PartialStore:
    """Keeps each partition's partial of every cell, and queues what changed.

    A cell changes in many partitions, and a team in many reps, until the windows are read: the
    changes of one cell are added up while they wait.
    """

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        # Those that changed lately, the latest last, and all others, packed.
        self._unpacked: OrderedDict[tuple[int, str], Grouped] = OrderedDict()
        self._packed: dict[tuple[int, str], bytes] = {}
        self._changed: dict[tuple[str, str], Grouped] = {}
        # Of the changes that are being applied: those of cells as partitions have them, and what
        # follows from them for the groups of reps.
        self._own: deque[tuple[tuple[str, str], Grouped]] = deque()
        self._of_groups: dict[tuple[str, str], Grouped] = {}
        self._groups: deque[tuple[tuple[str, str], Grouped]] = deque()

    def __len__(self) -> int:
        """Number of cells with changes that wait."""
        return len(self._changed) + len(self._own) + len(self._of_groups) + len(self._groups)

    def set(self, partition: int, cell: str, vectors: Grouped) -> None:
        """Replace a partition's partial, which must not change any more; {} removes it."""
        if steps := change(self._replace((partition, cell), vectors), vectors):
            when, _, scope = cell.partition("|")
            known = self._changed.get((when, scope))
            if known is None:
                self._changed[when, scope] = steps
            else:
                add_grouped(known, steps)

    def of_scope(self, scope: str) -> Iterator[CellChange]:
        """Every partial of a scope, as what adding it would change."""
        for (_, cell), vectors in self._unpacked.items():
            when, _, own = cell.partition("|")
            if own == scope:
                yield CellChange(when, scope, vectors)
        for (_, cell), packed in self._packed.items():
            when, _, own = cell.partition("|")
            if own == scope:
                yield CellChange(when, scope, unpack(packed))

    def _replace(self, key: tuple[int, str], vectors: Grouped) -> Grouped:
        """Put a partial in the place of another one, and return that; {} where there is none."""
        before = self._unpacked.pop(key, None)
        if before is None:
            packed = self._packed.pop(key, None)
            before = {} if packed is None else unpack(packed)
        if vectors:
            self._unpacked[key] = vectors
            if len(self._unpacked) > UNPACKED_PARTIALS:
                oldest, idle = self._unpacked.popitem(last=False)
                self._packed[oldest] = pack(idle)
        return before

    def next_change(self) -> CellChange | None:
        """The next change to apply, those of a rep's groups last; None if none waits."""
        if not self._own and not self._groups:
            self._own.extend(self._changed.items())
            self._changed.clear()
        if self._own:
            (when, scope), vectors = self._own.popleft()
            for group in self._organisation.groups(scope):
                add_grouped(self._of_groups.setdefault((when, group), {}), vectors)
            if not self._own:
                self._groups.extend(self._of_groups.items())
                self._of_groups.clear()
        elif self._groups:
            (when, scope), vectors = self._groups.popleft()
        else:
            return None
        return CellChange(when, scope, vectors)
