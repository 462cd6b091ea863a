"""Today's organisation: which team, department and unit the facts of a rep belong to."""

from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.patched_records import RepRecords
from streams.events import RepSet


class Organisation:
    """Reps and their groups, as the patches of a rep leave them.

    Where facts belong to the groups of their time, cells have them already: `rolls_up` is False.
    """

    def __init__(self, rolls_up: bool = True) -> None:
        self._rolls_up = rolls_up
        self._current = RepRecords()

    def update(self, record: RepSet) -> bool:
        """Apply a record, in any order; whether the rep's groups may have changed."""
        return self._current.apply(record)

    def groups(self, scope: str) -> tuple[str, ...]:
        """Scopes that a rep's scope is part of; none for any other scope."""
        dimension, _, rep = scope.partition("=")
        is_rep = self._rolls_up and dimension == "rep"
        record = self._current.get(rep) if is_rep else None
        if record is None:
            return ()
        groups = ((group, getattr(record, group)) for group in ROLLED_UP)
        return tuple(f"{group}={name}" for group, name in groups if name)
