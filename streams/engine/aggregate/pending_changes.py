"""Event sets that changed, with what they contributed before: the difference goes into cells."""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable

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
from streams.engine.catalogue.catalogue import Catalogue
from streams.events import ReferenceRecord, RepSet

# Contributions of this many event sets are cached: a set that changes soon again is read once.
CONTRIBUTION_CACHE_SIZE = 30_000
NOTHING: EntityContributions = []


class PendingChanges:
    """The observer of event sets: what waits to be applied to the cells.

    `clock` is set by the aggregator. `alerts` follow each evaluation of an event set.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        clock: int,
        reference: ReferenceIndex,
        functions: ContributionFunctions,
    ) -> None:
        self.clock = clock
        self._groups: GroupAttribution | None = None
        if catalogue.definitions.choices.organisation == "event":
            self._groups = GroupAttribution(catalogue.kpis, reference.context.reps)
        self.alerts = AlertEvaluator(catalogue)
        self._entities_of = catalogue.entities_of
        self._reference = reference
        self._functions = functions
        self._contributions: OrderedDict[str, EntityContributions] = OrderedDict()
        # By event set: what the cells contain of it. Applied in the order of the queue.
        self._before: dict[str, EntityContributions] = {}
        self._queue: deque[str] = deque()
        # An event set notes its dependencies itself: this is called for every event.
        self.stored = reference.stored

    def dependents(self, record: ReferenceRecord) -> Collection[str]:
        """The event sets whose contributions a record can move to other groups."""
        if self._groups is None or not isinstance(record, RepSet):
            return ()
        return [*self._groups.dependents(record.rep)]

    def before_change(self, sets: EventSets, name: str) -> None:
        """Remember what an event set contributes before it changes."""
        if name not in self._before:
            found = self._contributions.get(name)
            if found is None:
                found = self._evaluate(sets, name) if name in sets else NOTHING
            self._before[name] = found
            self._queue.append(name)

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
            after = self._evaluate(sets, name)
            cells.add(difference(before[name], after), self.clock)
            queue.popleft()
            del before[name]
            if with_cache:
                self._cache(name, after)
        return bool(queue)

    def _evaluate(self, sets: EventSets, name: str) -> EntityContributions:
        entries = sets.entries(name)
        if not entries:
            self.alerts.update(name, (), self.clock)
            return []
        entities = list(self._entities_of(name, entries, self._reference.context))
        self.alerts.update(name, entities, self.clock)
        found = self._functions.of(entities)
        return found if self._groups is None else self._groups.of(name, found)

    def _cache(self, name: str, contributions: EntityContributions) -> None:
        cache = self._contributions
        cache[name] = contributions
        cache.move_to_end(name)
        if len(cache) > CONTRIBUTION_CACHE_SIZE:
            # A plain dict would look for its first key past all those deleted before it.
            cache.popitem(last=False)
