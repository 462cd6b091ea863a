"""Today's organisation: which team, department and unit a rep belongs to."""

from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.events import RepSet, canonical


class Organisation:
    """Reps and their groups; the newest record of a rep (by `at`, then `id`) is current."""

    def __init__(self) -> None:
        self._current: dict[str, RepSet] = {}

    def update(self, record: RepSet) -> bool:
        """Apply a record, in any order; whether it is current now."""
        old = self._current.get(record.rep)
        if old is not None and _order(old) >= _order(record):
            return False
        self._current[record.rep] = record
        return True

    def groups(self, scope: str) -> tuple[str, ...]:
        """Scopes that a rep's scope is part of; none for any other scope."""
        dimension, _, rep = scope.partition("=")
        record = self._current.get(rep) if dimension == "rep" else None
        if record is None:
            return ()
        groups = ((group, getattr(record, group)) for group in ROLLED_UP)
        return tuple(f"{group}={name}" for group, name in groups if name)


def _order(record: RepSet) -> tuple[object, ...]:
    return milliseconds(record.at), record.id, canonical(record)
