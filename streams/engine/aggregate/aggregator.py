"""One partition's rows and the cells they add up to.

A row is a set of events; a cell is the sum of its rows' shares. So an event is applied by
taking the difference of its row's shares before and after, and nothing else depends on the
order in which events came.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from streams.engine.aggregate.alert_evaluator import AlertEvaluator
from streams.engine.aggregate.cells import Cells
from streams.engine.aggregate.contributions import (
    ContributionFunctions,
    EntityContributions,
    difference,
)
from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.event_sets import (
    EventSets,
    entry_of,
    is_newer,
)
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.engine.algebra.money import Rates
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import EvaluationContext
from streams.events import (
    AccountSet,
    Event,
    RateSet,
    ReferenceRecord,
    RepSet,
    SpendRecorded,
)

# Shares of this many rows are remembered, so that a row touched again soon is not read twice.
CONTRIBUTION_CACHE_SIZE = 30_000
# The shard that counts what belongs to no subject.
FIRST_SHARD = 0
# After whatever can come of an event: the year 2300.
END_OF_TIME_MS = 10_413_792_000_000


class Aggregator(EventSets):
    """Rows in, changed cells out; the clock is passed in and never goes back."""

    def __init__(
        self, catalogue: Catalogue, clock: int, number: int = 0, erasure_key: bytes = b""
    ) -> None:
        """Start empty at an instant in milliseconds; `number` is the shard's own.

        `erasure_key` is the secret under which it remembers who was erased or merged.
        """
        super().__init__(catalogue.route, catalogue.merge_target, erasure_key)
        self.clock = clock
        self.number = number
        self.calendar = catalogue.calendar
        self._accounts: dict[str, AccountSet] = {}
        self._reps: dict[str, RepSet] = {}
        self.context = EvaluationContext(
            catalogue.calendar,
            Rates(catalogue.definitions.currency),
            catalogue.definitions,
            self._accounts,
            self._reps,
        )
        self._catalogue = catalogue
        self._functions = ContributionFunctions(catalogue)
        self._alerts = AlertEvaluator(catalogue)
        self._contributions: dict[str, EntityContributions] = {}
        self._before: dict[str, EntityContributions] = {}
        self._cells = Cells(catalogue.calendar, self._functions)
        self._sets_by_currency: dict[str, set[str]] = {}
        # Whose rows a rep's working hours matter to, if they matter at all.
        self._sets_by_rep: defaultdict[str, set[str]] | None = (
            None if catalogue.definitions.working is None else defaultdict(set)
        )

    @property
    def next_due(self) -> int | None:
        """The instant at which time alone will next change a cell."""
        return self._cells.next_due

    def rebuild(self, clock: int) -> Iterator[None]:
        """Add up every cell from the rows as of an instant, a row each time it is asked.

        Nothing else may be called until the iterator is used up.
        """
        self.clock = max(self.clock, clock)
        # Reference records heard before the rows were back changed nothing that was added up.
        self._before.clear()
        for name in self._sets:
            for contributions in self._evaluate(name):
                self._cells.add(((contribution, 1) for contribution in contributions), self.clock)
            yield
        self._cells.forget_changes()

    def apply_all_pending(self, clock: int) -> dict[str, Grouped]:
        """Bring the cells up to an instant and to the events added since, all in one go.

        Returns what `changed` does.
        """
        for _ in self.apply_pending(clock):
            pass
        return self.changed_cells()

    def apply_pending(self, clock: int) -> Iterator[None]:
        """Bring the cells up to an instant and to the events added since, a row at a time.

        Nothing else may be called until the iterator is used up; then `changed` is to be.
        """
        self.clock = max(self.clock, clock)
        self._cells.mature(self.clock)
        for name, before in self._before.items():
            after = self._evaluate(name)
            self._cells.add(difference(before, after), self.clock)
            self._cache(name, after)
            yield
        self._before.clear()

    def changed_cells(self, with_values: bool = True) -> dict[str, Grouped]:
        """Give every cell that `settling` changed since it was last given, as it is now.

        {} stands for one that is gone. What is returned stays as it is, and must be left so.
        Without members' cells, those wait for a later call.
        """
        return self._cells.changed_cells(with_values)

    @property
    def has_unpublished(self) -> bool:
        """Whether cells changed that `changed` has not given yet."""
        return self._cells.has_unpublished

    def check(self, what: Event | Reroute) -> None:
        """Raise whatever would be raised if an event or a move were taken and settled now.

        Nothing of it stays, for it is tried on a copy of the rows it is about. What they let
        wait for its time is tried, too.
        """
        trial = Aggregator(self._catalogue, self.clock, self.number)
        trial.context, trial._functions = self.context, self._functions
        if isinstance(what, Reroute):
            trial.copy_from(self, what.target)
            trial.receive(what)
        else:
            trial.copy_from(self, self._route(what)[0])
            trial.add(what)
        trial.pending_reroutes()
        trial.apply_all_pending(self.clock)
        trial.changed_alerts(self.clock)
        trial.apply_all_pending(END_OF_TIME_MS)

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:
        """Give the alerts that changed since the last call, None for one that holds no more.

        Events count once `settle` or `folding` has read them. Alerts that came and went between
        two calls are in neither.
        """
        self.clock = max(self.clock, clock)
        return self._alerts.changed_alerts(self.clock)

    def cells(self) -> Mapping[str, Grouped]:
        """Give every cell that is not empty; the same holds as for `changed`."""
        return self._cells.non_empty()

    def add_reference(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order; what it changes comes with the next `settle`."""
        if isinstance(record, RateSet):
            self._set_rate(record)
        elif isinstance(record, AccountSet):
            self._set_account(record)
        elif isinstance(record, RepSet):
            self._set_rep(record)
        elif isinstance(record, SpendRecorded) and self.number == FIRST_SHARD:
            self._set_spend(record)

    def _set_rate(self, record: RateSet) -> None:
        for name in self._sets_by_currency.get(record.currency, ()):
            self._before_change(name)
        self.context.rates.update(
            record.currency,
            record.date.toordinal(),
            record.rate,
            milliseconds(record.at),
            record.id,
        )

    def _set_account(self, record: AccountSet) -> None:
        name = f"account:{record.account}"
        old = self._accounts.get(record.account)
        if old is not None and not is_newer(entry_of(record), entry_of(old)):
            return
        self._before_change(name)
        self._accounts[record.account] = record
        if record.currency:
            self._sets_by_currency.setdefault(record.currency, set()).add(name)

    def _set_rep(self, record: RepSet) -> None:
        old = self._reps.get(record.rep)
        if old is not None and not is_newer(entry_of(record), entry_of(old)):
            return
        if self._sets_by_rep is not None and record.timezone != (old.timezone if old else None):
            for name in self._sets_by_rep[record.rep]:
                self._before_change(name)
        self._reps[record.rep] = record

    def _set_spend(self, record: SpendRecorded) -> None:
        """Give each spend a row of its own, which the reference topic keeps, not the state."""
        name, entry = f"spend:{record.id}", entry_of(record)
        old = self._sets.get(name, {}).get(record.id)
        if old is None or is_newer(entry, old):
            self._before_change(name)
            self._store(name, name, entry)

    def _index(self, name: str, entry: Entry) -> None:
        currency = getattr(entry.event, "currency", None)
        if currency:
            self._sets_by_currency.setdefault(currency, set()).add(name)
        rep = getattr(entry.event, "rep", None) if self._sets_by_rep is not None else None
        if rep and self._sets_by_rep is not None:
            self._sets_by_rep[rep].add(name)

    def _before_change(self, name: str) -> None:
        """Remember what a row's shares are before it changes."""
        if name not in self._before:
            found = self._contributions.get(name)
            if found is None:
                found = self._evaluate(name) if name in self._sets else []
            self._before[name] = found

    def _evaluate(self, name: str) -> EntityContributions:
        entries = self._entries(name)
        if not entries:
            self._alerts.update(name, (), self.clock)
            return []
        entities = list(self._catalogue.entities_of(name, entries, self.context))
        self._alerts.update(name, entities, self.clock)
        return self._functions.of(entities)

    def _cache(self, name: str, contributions: EntityContributions) -> None:
        self._contributions.pop(name, None)
        self._contributions[name] = contributions
        if len(self._contributions) > CONTRIBUTION_CACHE_SIZE:
            del self._contributions[next(iter(self._contributions))]
