"""Cells: sums of contributions by day or hour and scope, and contributions not yet due.

A cell is published as a whole, so that readers need no earlier value of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from streams.engine.aggregate.contributions import (
    Contribution,
    ContributionFunctions,
)
from streams.engine.aggregate.stores.packed_cells import PackedCells
from streams.engine.aggregate.stores.waiting_contributions import WaitingContributions
from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.algebra.packed_vectors import pack, unpack
from streams.engine.calendars.calendar import Calendar
from streams.engine.catalogue.publish_priority import Priority, is_current, priority_of_cell

EMPTY: Vector = {}
# By day or hour and scope: vectors by KPI.
Changed = Mapping[int | str, Mapping[str, Grouped]]


class Cells:
    """Sums of contributions at an instant that never goes back, by `day|scope` or `hMS|scope`.

    A day is its ordinal, an hour its start in milliseconds.
    """

    def __init__(self, calendar: Calendar, contributions: ContributionFunctions) -> None:
        self._calendar = calendar
        self._functions = contributions
        self._cells = PackedCells()
        # Vectors changed since they were last returned: only these may be changed in place. Their
        # days and hours are held, and released once all that changed in them is returned.
        self._changed: defaultdict[int | str, defaultdict[str, Grouped]] = defaultdict(_no_scopes)
        self._waiting = WaitingContributions()
        # Of restored cells, one text for each scope.
        self._scopes: dict[str, str] = {}

    @property
    def next_due(self) -> int | None:
        """The instant at which time alone will next change a cell."""
        return self._waiting.next_due

    def mature(self, clock: int, limit: int) -> bool:
        """Add waiting contributions whose instant is reached, up to a limit; True if more are."""
        self._cells.pack_idle()
        self.add(islice(self._waiting.due(clock), limit), clock)
        due = self._waiting.next_due
        return due is not None and due <= clock

    def add(self, contributions: Iterable[tuple[Contribution, int]], clock: int) -> None:
        """Add contributions, each a number of times, to their cells, or let them wait.

        This is the hottest path of the aggregator: look-ups are inlined.
        """
        calendar, changed = self._calendar, self._changed
        held, hold, unpacked = self._cells.unpacked, self._cells.hold, self._cells.unpack
        scopes_of, targets = self._functions.scopes, self._functions.targets
        for contribution, times in contributions:
            number, at, since, value, dimensions = contribution
            if since > clock:
                self._waiting.add(contribution, times)
                continue
            name, group, is_hourly, components = targets[number]
            pairs = components[value]
            scopes = dimensions.scopes.get(group) or scopes_of(number, dimensions)
            day = calendar.day(at)
            for key in (day, f"h{calendar.hour(at)}") if is_hourly else (day,):
                reached = changed[key]
                if scopes and not reached:
                    hold(key)
                for scope in scopes:
                    own = reached[scope]
                    vector = own.get(name)
                    if vector is None:
                        # Readers hold the old one: it must not change.
                        cell = held[key].get(scope)
                        if cell is None:
                            cell = unpacked(key, scope)
                        vector = own[name] = cell[name] = cell.get(name, EMPTY).copy()
                    for component, n in pairs:
                        total = vector.get(component, 0) + times * n
                        if total:
                            vector[component] = total
                        else:
                            vector.pop(component, None)

    @property
    def has_unpublished(self) -> bool:
        """Whether cells changed that `changed_cells` has not returned yet."""
        return bool(self._changed)

    def changed_cells(self, priority: Priority, today: int) -> dict[str, Grouped]:
        """The cells that changed since they were returned, or since `forget_changes`.

        Values are whole and read-only, {} for a cell removed. Cells that have a lower priority
        on a day wait for a later call.
        """
        changed = self._drain_changed(priority, today)
        self._drop_empty(changed)
        found = {
            f"{at}|{scope}": self._copy(at, scope)
            for at, scopes in changed.items()
            for scope in scopes
        }
        self._release(changed)
        return found

    def forget_changes(self) -> None:
        """Let `changed_cells` return only what changes from now on."""
        changed = self._drain_changed(Priority.LATER, 0)
        self._drop_empty(changed)
        self._release(changed)

    def non_empty(self) -> Mapping[str, Grouped]:
        """All cells that are not empty; read-only, as in `changed_cells`."""
        found = {f"{at}|{scope}": unpack(cell) for at, scope, cell in self._cells.packed()}
        for at, scopes in self._cells.unpacked.items():
            changed = self._changed.get(at)
            for scope, vectors in scopes.items():
                unpublished = changed.get(scope) if changed else None
                cell = _stable(vectors, unpublished) if unpublished else vectors.copy()
                if cell:
                    found[f"{at}|{scope}"] = cell
        return found

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """All cells that are not empty, packed, by name; valid until something changes."""
        for at, scope, packed in self._cells.packed():
            yield f"{at}|{scope}", packed
        for at, scopes in self._cells.unpacked.items():
            for scope, vectors in scopes.items():
                cell = {name: vector for name, vector in vectors.items() if vector}
                if cell:
                    yield f"{at}|{scope}", pack(cell)

    def waiting(self) -> Iterator[tuple[Contribution, int]]:
        """The contributions that wait, each with how many times it will count."""
        return iter(self._waiting)

    def restore(self, cells: Iterable[tuple[str, bytes]]) -> None:
        """Restore what `stored` gave; these are no changes."""
        for cell, packed in cells:
            at, _, scope = cell.partition("|")
            # Of scopes there are few, and each is in the cells of many days.
            key = at if at.startswith("h") else int(at)
            self._cells.restore(key, self._scopes.setdefault(scope, scope), packed)

    def restore_waiting(self, waiting: Iterable[tuple[Contribution, int]]) -> None:
        """Restore what `waiting` gave."""
        for contribution, times in waiting:
            self._waiting.add(contribution, times)

    def _drain_changed(self, priority: Priority, today: int) -> Changed:
        """The vectors that changed and are to be returned now."""
        if priority is Priority.LATER:
            changed, self._changed = self._changed, defaultdict(_no_scopes)
            return changed
        found: dict[int | str, dict[str, Grouped]] = {}
        for at, scopes in list(self._changed.items()):
            is_hour = isinstance(at, str)
            day = self._calendar.day(int(at[1:])) if isinstance(at, str) else at
            is_looked_at = is_current(day, today)
            for scope in [
                scope
                for scope in scopes
                if priority_of_cell(scope.partition("=")[0], is_hour, is_looked_at) <= priority
            ]:
                found.setdefault(at, {})[scope] = scopes.pop(scope)
            if not scopes:
                del self._changed[at]
        return found

    def _drop_empty(self, changed: Changed) -> None:
        """Remove changed vectors that are empty from the cells."""
        for at, scopes in changed.items():
            for scope, vectors in scopes.items():
                for name, vector in vectors.items():
                    if not vector:
                        del self._cells.unpacked[at][scope][name]

    def _copy(self, at: int | str, scope: str) -> Grouped:
        """A copy of a cell; an empty one is removed."""
        cells = self._cells.unpacked[at]
        vectors = cells[scope].copy()
        if not vectors:
            del cells[scope]
        return vectors

    def _release(self, drained: Changed) -> None:
        """Release the days and hours of which nothing is left to return."""
        for at in drained:
            if at not in self._changed:
                self._cells.release(at)


def _stable(vectors: Grouped, unpublished: Grouped) -> Grouped:
    """A cell without empty vectors, and with copies of those that are still changed in place."""
    return {
        name: vector.copy() if name in unpublished else vector
        for name, vector in vectors.items()
        if vector
    }


def _no_scopes() -> defaultdict[str, Grouped]:
    return defaultdict(dict)
