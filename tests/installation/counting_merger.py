"""The merger of the counting core: sums of counts by cell, and a rep's count for its team."""

from collections.abc import Iterable

from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.record_builder import Publication
from streams.engine.merge.record_encoder import AsOfFields
from streams.events import ReferenceRecord, RepSet

# The keys of reps whose sums come later, and before that but not first.
SLOW = "rep=slow"
WIDE = "rep=wide"
GONE = "gone"  # in no cell, and in no round
NOW = AsOfFields('"as_of":"now"')


def priority_of(key: str) -> Priority:
    """When a key comes."""
    return {SLOW: Priority.LATER, WIDE: Priority.NEXT}.get(key, Priority.FIRST)


class CountingMerger:
    """Adds up the shards; a rep's team counts what its reps count."""

    def __init__(self, clock: int) -> None:
        self.clock = clock
        self.partials: dict[tuple[str, int], Grouped] = {}
        self.teams: dict[str, str] = {}
        # Keys, each with the epoch since which it waits.
        self.keys, self.chosen = dict[str, int](), dict[str, int]()
        self.epoch = 0

    @property
    def pending(self) -> int:
        """Keys that wait."""
        return len(self.keys) + len(self.chosen)

    def waiting(self, priority: Priority) -> int:
        """Keys that wait with a priority."""
        return sum(priority_of(key) is priority for key in self.keys)

    @property
    def frontier(self) -> int:
        """The oldest epoch of a key that waits."""
        return min([self.epoch, *self.keys.values(), *self.chosen.values()])

    def set_partial(self, partition: int, cell: str, vectors: Grouped) -> None:
        """Replace a partial."""
        if vectors:
            self.partials[cell, partition] = vectors
        else:
            self.partials.pop((cell, partition), None)
        self.keys.setdefault(cell, self.epoch)
        self._invalidate_team(cell)

    def apply_partials(self) -> bool:
        """Do nothing: a partial is applied as it is set."""
        return False

    def add_reference(self, record: ReferenceRecord) -> None:
        """Move a rep to a team."""
        if not isinstance(record, RepSet):
            return
        cell = f"rep={record.rep}"
        self._invalidate_team(cell)
        self.teams[cell] = f"team={record.team}"
        self._invalidate_team(cell)

    def advance_clock(self, clock: int) -> bool:
        """Let time pass, in one step."""
        self.clock = clock
        return False

    def alerts(self, clock: int) -> dict[str, bytes]:  # noqa: ARG002 - of MergerPort
        """Raise none."""
        return {}

    def reconcile(self, keys: Iterable[str]) -> list[str]:
        """Let keys come in a round, all but one."""
        known = dict.fromkeys(keys, self.epoch)
        self.keys = {key: since for key, since in known.items() if key != GONE} | self.keys
        return [GONE] if GONE in known else []

    def begin_round(
        self,
        priority: Priority | None = None,
        max_scopes: int | None = None,  # noqa: ARG002 - of MergerPort
    ) -> "CountingRound":
        """Choose what waits."""
        taken = (*Priority,) if priority is None else (Priority.FIRST, priority)
        self.epoch += 1
        waiting = {**self.keys, **self.chosen}
        self.chosen = {key: at for key, at in waiting.items() if priority_of(key) in taken}
        self.keys = {key: at for key, at in waiting.items() if key not in self.chosen}
        return CountingRound(self, list(self.chosen))

    def publication(self, key: str) -> Publication:
        """Sum of a key as it is now."""
        total = sum(
            vectors["all"]["n"]
            for (cell, _), vectors in self.partials.items()
            if key in (cell, self.teams.get(cell))
        )
        return key, f'{{"kpi":"{key}","value":{total}'.encode() if total else None, NOW

    def _invalidate_team(self, cell: str) -> None:
        if cell in self.teams:
            self.keys.setdefault(self.teams[cell], self.epoch)


class CountingRound:
    """The sums of chosen keys."""

    def __init__(self, merger: CountingMerger, keys: list[str]) -> None:
        self._merger = merger
        self._keys = keys

    def next_batch(self, limit: int | None = None) -> list[Publication]:
        """The next sums."""
        keys = self._keys[:limit]
        del self._keys[:limit]
        for key in keys:
            self._merger.chosen.pop(key, None)
        return [self._merger.publication(key) for key in keys]
