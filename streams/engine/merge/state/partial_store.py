"""Partial aggregates of all aggregate partitions, and their changes not in any window yet."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from streams.engine.algebra.measures import (
    Grouped,
    add_grouped,
    change,
)
from streams.engine.merge.state.organisation import Organisation


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
        self._partials: dict[tuple[int, str], Grouped] = {}
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
        steps = change(self._partials.get((partition, cell), {}), vectors)
        if vectors:
            self._partials[partition, cell] = vectors
        else:
            self._partials.pop((partition, cell), None)
        if steps:
            when, _, scope = cell.partition("|")
            known = self._changed.get((when, scope))
            if known is None:
                self._changed[when, scope] = steps
            else:
                add_grouped(known, steps)

    def of_scope(self, scope: str) -> Iterator[CellChange]:
        """Every partial of a scope, as what adding it would change."""
        for (_, cell), vectors in self._partials.items():
            when, _, own = cell.partition("|")
            if own == scope:
                yield CellChange(when, scope, vectors)

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
