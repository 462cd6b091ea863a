"""One partition's rows and the cells they add up to.

A row is a set of events; a cell is the sum of its rows' shares. So an event is applied by
taking the difference of its row's shares before and after, and nothing else depends on the
order in which events came.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from streams.engine.aggregate.alert_evaluator import Standing
from streams.engine.aggregate.cells import Cells
from streams.engine.aggregate.contributions import (
    Contributions,
    Shares,
    difference,
)
from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.event_sets import (
    Rows,
    entry_of,
    stands,
)
from streams.engine.aggregate.reroutes import Move
from streams.engine.algebra.measures import Grouped
from streams.engine.algebra.money import Rates
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import Terms
from streams.events import (
    AccountSet,
    Event,
    RateSet,
    ReferenceRecord,
    RepSet,
    SpendRecorded,
)

# Shares of this many rows are remembered, so that a row touched again soon is not read twice.
REMEMBERED = 30_000
# The shard that counts what belongs to no subject.
FIRST = 0
# After whatever can come of an event: the year 2300.
AFTER_ALL = 10_413_792_000_000


class Shard(Rows):
    """Rows in, changed cells out; the clock is passed in and never goes back."""

    def __init__(
        self, catalogue: Catalogue, clock: int, number: int = 0, erasure_key: bytes = b""
    ) -> None:
        """Start empty at an instant in milliseconds; `number` is the shard's own.

        `erasure_key` is the secret under which it remembers who was erased or merged.
        """
        super().__init__(catalogue.place, catalogue.survivor, erasure_key)
        self.clock = clock
        self.number = number
        self.calendar = catalogue.calendar
        self._accounts: dict[str, AccountSet] = {}
        self._reps: dict[str, RepSet] = {}
        self.terms = Terms(
            catalogue.calendar,
            Rates(catalogue.definitions.currency),
            catalogue.definitions,
            self._accounts,
            self._reps,
        )
        self._catalogue = catalogue
        self._contributions = Contributions(catalogue)
        self._standing = Standing(catalogue)
        self._shares: dict[str, Shares] = {}
        self._touched: dict[str, Shares] = {}
        self._cells = Cells(catalogue.calendar, self._contributions)
        self._currencies: dict[str, set[str]] = {}
        # Whose rows a rep's working hours matter to, if they matter at all.
        self._by_hours: defaultdict[str, set[str]] | None = (
            None if catalogue.definitions.working is None else defaultdict(set)
        )

    @property
    def next_due(self) -> int | None:
        """The instant at which time alone will next change a cell."""
        return self._cells.next_due

    def folding(self, clock: int) -> Iterator[None]:
        """Add up every cell from the rows as of an instant, a row each time it is asked.

        Nothing else may be called until the iterator is used up.
        """
        self.clock = max(self.clock, clock)
        # Reference records heard before the rows were back changed nothing that was added up.
        self._touched.clear()
        for name in self._rows:
            for shares in self._read(name):
                self._cells.add(((share, 1) for share in shares), self.clock)
            yield
        self._cells.forget_changes()

    def settle(self, clock: int) -> dict[str, Grouped]:
        """Bring the cells up to an instant and to the events added since, all in one go.

        Returns what `changed` does.
        """
        for _ in self.settling(clock):
            pass
        return self.changed()

    def settling(self, clock: int) -> Iterator[None]:
        """Bring the cells up to an instant and to the events added since, a row at a time.

        Nothing else may be called until the iterator is used up; then `changed` is to be.
        """
        self.clock = max(self.clock, clock)
        self._cells.mature(self.clock)
        for name, before in self._touched.items():
            after = self._read(name)
            self._cells.add(difference(before, after), self.clock)
            self._remember(name, after)
            yield
        self._touched.clear()

    def changed(self, with_members: bool = True) -> dict[str, Grouped]:
        """Give every cell that `settling` changed since it was last given, as it is now.

        {} stands for one that is gone. What is returned stays as it is, and must be left so.
        Without members' cells, those wait for a later call.
        """
        return self._cells.changed(with_members)

    @property
    def untold(self) -> bool:
        """Whether cells changed that `changed` has not given yet."""
        return self._cells.untold

    def check(self, what: Event | Move) -> None:
        """Raise whatever would be raised if an event or a move were taken and settled now.

        Nothing of it stays, for it is tried on a copy of the rows it is about. What they let
        wait for its time is tried, too.
        """
        trial = Shard(self._catalogue, self.clock, self.number)
        trial.terms, trial._contributions = self.terms, self._contributions
        if isinstance(what, Move):
            trial.borrow(self, what.target)
            trial.receive(what)
        else:
            trial.borrow(self, self._place(what)[0])
            trial.add(what)
        trial.moves()
        trial.settle(self.clock)
        trial.alerts(self.clock)
        trial.settle(AFTER_ALL)

    def alerts(self, clock: int) -> dict[str, bytes | None]:
        """Give the alerts that changed since the last call, None for one that holds no more.

        Events count once `settle` or `folding` has read them. Alerts that came and went between
        two calls are in neither.
        """
        self.clock = max(self.clock, clock)
        return self._standing.changes(self.clock)

    def cells(self) -> Mapping[str, Grouped]:
        """Give every cell that is not empty; the same holds as for `changed`."""
        return self._cells.all()

    def hear(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order; what it changes comes with the next `settle`."""
        if isinstance(record, RateSet):
            self._set_rate(record)
        elif isinstance(record, AccountSet):
            self._set_account(record)
        elif isinstance(record, RepSet):
            self._set_rep(record)
        elif isinstance(record, SpendRecorded) and self.number == FIRST:
            self._set_spend(record)

    def _set_rate(self, record: RateSet) -> None:
        for name in self._currencies.get(record.currency, ()):
            self._touch(name)
        self.terms.rates.put(
            record.currency,
            record.date.toordinal(),
            record.rate,
            milliseconds(record.at),
            record.id,
        )

    def _set_account(self, record: AccountSet) -> None:
        name = f"account:{record.account}"
        old = self._accounts.get(record.account)
        if old is not None and not stands(entry_of(record), entry_of(old)):
            return
        self._touch(name)
        self._accounts[record.account] = record
        if record.currency:
            self._currencies.setdefault(record.currency, set()).add(name)

    def _set_rep(self, record: RepSet) -> None:
        old = self._reps.get(record.rep)
        if old is not None and not stands(entry_of(record), entry_of(old)):
            return
        if self._by_hours is not None and record.timezone != (old.timezone if old else None):
            for name in self._by_hours[record.rep]:
                self._touch(name)
        self._reps[record.rep] = record

    def _set_spend(self, record: SpendRecorded) -> None:
        """Give each spend a row of its own, which the reference topic keeps, not the state."""
        name, entry = f"spend:{record.id}", entry_of(record)
        old = self._rows.get(name, {}).get(record.id)
        if old is None or stands(entry, old):
            self._touch(name)
            self._keep(name, name, entry)

    def _index(self, name: str, entry: Entry) -> None:
        currency = getattr(entry.event, "currency", None)
        if currency:
            self._currencies.setdefault(currency, set()).add(name)
        rep = getattr(entry.event, "rep", None) if self._by_hours is not None else None
        if rep and self._by_hours is not None:
            self._by_hours[rep].add(name)

    def _touch(self, name: str) -> None:
        """Remember what a row's shares are before it changes."""
        if name not in self._touched:
            found = self._shares.get(name)
            if found is None:
                found = self._read(name) if name in self._rows else []
            self._touched[name] = found

    def _read(self, name: str) -> Shares:
        entries = self._entries(name)
        if not entries:
            self._standing.look(name, (), self.clock)
            return []
        things = list(self._catalogue.view(name, entries, self.terms))
        self._standing.look(name, things, self.clock)
        return self._contributions.of(things)

    def _remember(self, name: str, shares: Shares) -> None:
        self._shares.pop(name, None)
        self._shares[name] = shares
        if len(self._shares) > REMEMBERED:
            del self._shares[next(iter(self._shares))]
