"""Event sets that changed, with what they contributed before: the difference goes into cells."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from streams.engine.aggregate.alert_evaluator import AlertEvaluator
from streams.engine.aggregate.attribution import GroupAttribution
from streams.engine.aggregate.cells import Cells
from streams.engine.aggregate.contributions import (
    ContributionFunctions,
    EntityContributions,
    difference,
)
from streams.engine.aggregate.event_sets import EventSets
from streams.engine.aggregate.reference_index import ReferenceIndex
from streams.engine.aggregate.stores.contribution_cache import ContributionCache
from streams.engine.algebra.money import WatchedRates
from streams.engine.catalogue.catalogue import Catalogue
from streams.events import ReferenceRecord, RepSet

NOTHING: EntityContributions = []
Entities = list[tuple[type, list[Any]]]


class PendingChanges:
    """The observer of event sets: what waits to be applied to the cells.

    `clock` is set by the aggregator. `alerts` follow each evaluation of an event set, and
    `groups` too, where contributions belong to the groups of their time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: int,
        reference: ReferenceIndex,
        functions: ContributionFunctions,
    ) -> None:
        self.clock = clock
        self.groups: GroupAttribution | None = None
        if catalogue.definitions.choices.organisation == "event":
            self.groups = GroupAttribution(catalogue.kpis, reference.context.reps)
        self.alerts = AlertEvaluator(catalogue)
        self._entities_of = catalogue.entities_of
        self._reference = reference
        self._functions = functions
        # A set that changes again is read once, after the change.
        self._contributions = ContributionCache()
        # By event set: what the cells contain of it. Applied in the order of the queue.
        self._before: dict[str, EntityContributions] = {}
        self._queue: deque[str] = deque()
        # An event set notes its dependencies itself: this is called for every event.
        self.stored = reference.stored

    def dependents(self, record: ReferenceRecord) -> Collection[str]:
        """The event sets whose contributions a record can move to other groups."""
        if self.groups is None or not isinstance(record, RepSet):
            return ()
        return [*self.groups.dependents(record.rep)]

    @property
    def is_waiting(self) -> bool:
        """Whether event sets changed that are not applied to the cells yet."""
        return bool(self._queue)

    def before_change(self, sets: EventSets, name: str) -> None:
        """Remember what an event set contributes before it changes."""
        if name not in self._before:
            found = self._contributions.pop(name)
            if found is None:
                found = self._contributions_of(name, self._entities(sets, name))
            self._before[name] = found
            self._queue.append(name)

    def last_instants(self, sets: EventSets, name: str) -> tuple[int, int] | None:
        """From when on an event set contributes nothing new, and the last day of a rate it reads.

        None while it waits, or an alert about it holds or is to come. A level that is left over,
        such as that of a lead without an answer, is in the cells from some instant on.
        """
        if name in self._before or self.alerts.knows(name):
            return None
        context = self._reference.context
        rates = WatchedRates(context.rates)
        watched = replace(context, rates=rates)
        entities = [*self._entities_of(name, sets.entries(name), watched)]
        instants = (
            max(at, since)
            for contributions in self._contributions_of(name, entities)
            for _, at, since, _, _ in contributions
        )
        return max(instants, default=0), rates.last_day

    def retire(self, names: Iterable[str]) -> None:
        """Forget what is known of event sets that leave memory."""
        for name in names:
            self._contributions.pop(name)

    def restart(self, names: Iterable[str]) -> None:
        """Let all event sets wait, and assume that the cells contain nothing."""
        self._before = dict.fromkeys(names, NOTHING)
        self._queue = deque(self._before)

    def apply_next(self, sets: EventSets, cells: Cells, limit: int, with_cache: bool) -> bool:
        """Apply the next event sets to the cells, up to a limit; True while more wait.

        A set waits until it is applied: an error leaves everything as it was before that set.
        """
        queue, before = self._queue, self._before
        for _ in range(min(limit, len(queue))):
            name = queue[0]
            entities = self._entities(sets, name)
            self.alerts.update(name, entities, self.clock)
            after = self._contributions_of(name, entities)
            cells.add(difference(before[name], after), self.clock)
            queue.popleft()
            del before[name]
            if with_cache:
                self._contributions.store(name, after)
        return bool(queue)

    def _entities(self, sets: EventSets, name: str) -> Entities:
        entries = sets.entries(name)
        return [*self._entities_of(name, entries, self._reference.context)] if entries else []

    def _contributions_of(self, name: str, entities: Entities) -> EntityContributions:
        found = self._functions.of(entities)
        return found if self.groups is None else self.groups.of(name, found)
