"""Reference data of one partition, and which event sets depend on it."""

from collections import defaultdict
from collections.abc import Collection

from streams.engine.aggregate.entry import (
    Entry,
    entry_of,
    is_newer,
)
from streams.engine.algebra.money import Rates
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import EvaluationContext
from streams.events import (
    AccountSet,
    RateSet,
    ReferenceRecord,
    RepSet,
    SubjectMerged,
)


class ReferenceIndex:
    """Rates, accounts and reps in force, and the event sets whose entities read them.

    `context` is what entities read; it changes with the reference data.
    """

    def __init__(self, catalogue: Catalogue, context: EvaluationContext | None = None) -> None:
        """Start empty, or with an existing context that others keep up to date."""
        self._accounts: dict[str, AccountSet] = {}
        self._reps: dict[str, RepSet] = {}
        self.context = context or EvaluationContext(
            catalogue.calendar,
            Rates(catalogue.definitions.currency),
            catalogue.definitions,
            self._accounts,
            self._reps,
        )
        self._sets_by_currency: dict[str, set[str]] = {}
        # Of an account that was merged: the sets of its merge targets.
        self._sets_by_merged: dict[str, set[str]] = {}
        # Reps matter to event sets only where their working hours count.
        self._sets_by_rep: defaultdict[str, set[str]] | None = (
            None if catalogue.definitions.working is None else defaultdict(set)
        )

    def stored(self, name: str, entry: Entry) -> None:
        """Add the dependencies of an event set that has a new entry."""
        if type(entry.event) is SubjectMerged:
            self._merged(name, entry.event.subject)
            return
        currency = getattr(entry.event, "currency", None)
        if currency:
            self._sets_by_currency.setdefault(currency, set()).add(name)
        if self._sets_by_rep is not None and (rep := getattr(entry.event, "rep", None)):
            self._sets_by_rep[rep].add(name)

    def _merged(self, name: str, account: str) -> None:
        self._sets_by_merged.setdefault(account, set()).add(name)
        record = self._accounts.get(account)
        if record is not None and record.currency:
            self._sets_by_currency.setdefault(record.currency, set()).add(name)

    def _account_sets(self, account: str) -> set[str]:
        return {f"account:{account}", *self._sets_by_merged.get(account, ())}

    def is_current(self, record: ReferenceRecord) -> bool:
        """Whether a record replaces the one in force; rates are ordered by themselves."""
        old: AccountSet | RepSet | None = None
        if isinstance(record, AccountSet):
            old = self._accounts.get(record.account)
        elif isinstance(record, RepSet):
            old = self._reps.get(record.rep)
        return old is None or is_newer(entry_of(record), entry_of(old))

    def dependents(self, record: ReferenceRecord) -> Collection[str]:
        """The event sets that a current record changes; to be asked before `apply`."""
        if isinstance(record, RateSet):
            return self._sets_by_currency.get(record.currency, ())
        if isinstance(record, AccountSet):
            return self._account_sets(record.account)
        if isinstance(record, RepSet) and self._sets_by_rep is not None:
            old = self._reps.get(record.rep)
            if record.timezone != (old.timezone if old else None):
                return self._sets_by_rep[record.rep]
        return ()

    def apply(self, record: ReferenceRecord) -> None:
        """Put a current record in force."""
        if isinstance(record, RateSet):
            self.context.rates.update(
                record.currency,
                record.date.toordinal(),
                record.rate,
                milliseconds(record.at),
                record.id,
            )
        elif isinstance(record, AccountSet):
            self._accounts[record.account] = record
            if record.currency:
                names = self._account_sets(record.account)
                self._sets_by_currency.setdefault(record.currency, set()).update(names)
        elif isinstance(record, RepSet):
            self._reps[record.rep] = record
