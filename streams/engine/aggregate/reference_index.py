"""Reference data of one partition, and which event sets depend on it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import UNSET

from streams.engine.aggregate.entry import Entry, entry_of
from streams.engine.aggregate.tombstones import ACCOUNT_PREFIX, Pseudonyms
from streams.engine.algebra.money import Rates
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.patched_records import AccountRecords, RepRecords
from streams.events import (
    AccountSet,
    DealChanged,
    RateSet,
    ReferenceRecord,
    RepSet,
    SubjectMerged,
)


class Dependency(StrEnum):
    """On what event sets depend."""

    CURRENCY = "currency"
    MERGED_ACCOUNT = "merged account"
    ACCOUNT_OF_DEALS = "account of deals"
    REP = "rep"
    # Where contributions belong to the groups of their time: see GroupAttribution.
    GROUPS = "groups"


class ReferenceIndex:
    """Rates, accounts and reps in force, and the event sets whose entities read them.

    `context` is what entities read; it changes with the reference data.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pseudonyms: Pseudonyms,
        context: EvaluationContext | None = None,
    ) -> None:
        """Start empty, or with an existing context that others keep up to date."""
        self._pseudonym = pseudonyms.of_account
        self._accounts = AccountRecords(self._pseudonym)
        self._reps = RepRecords()
        self.context = context or EvaluationContext(
            catalogue.calendar,
            Rates(catalogue.definitions.currency),
            catalogue.definitions,
            self._accounts,
            self._reps,
        )
        self._sets_by_currency: dict[str, set[str]] = {}
        # Of an account that was merged, by its pseudonym: the sets of its merge targets.
        self._sets_by_merged: dict[str, set[str]] = {}
        # Accounts matter to deals only where they carry a dimension of deals.
        self._deals_by_account: defaultdict[str, set[str]] | None = (
            defaultdict(set)
            if any(it.carrier == "account" for it in catalogue.definitions.own_dimensions)
            else None
        )
        # Reps matter to event sets only where their working hours count.
        self._sets_by_rep: defaultdict[str, set[str]] | None = (
            None if catalogue.definitions.working is None else defaultdict(set)
        )

    def stored(self, name: str, entry: Entry) -> None:
        """Add the dependencies of an event set that has a new entry."""
        if self._deals_by_account is not None and type(entry.event) is DealChanged:
            account = entry.event.account
            if account is not UNSET and account is not None:
                self._deals_by_account[account].add(name)
        if type(entry.event) is SubjectMerged:
            self._merged(name, entry.event.subject)
            return
        currency = getattr(entry.event, "currency", None)
        if currency:
            self._depend_on(currency, name)
        if self._sets_by_rep is not None and (rep := getattr(entry.event, "rep", None)):
            self._sets_by_rep[rep].add(name)

    def _merged(self, name: str, pseudonym: str) -> None:
        self._sets_by_merged.setdefault(pseudonym, set()).add(name)
        found = self._accounts.merged(pseudonym)
        if found is not None and found[1].currency:
            self._depend_on(found[1].currency, name)

    def _depend_on(self, currency: str, *names: str) -> None:
        """Let event sets depend on a currency's rate, which that of the reports has not."""
        if currency != self.context.rates.reporting:
            self._sets_by_currency.setdefault(currency, set()).update(names)

    def _account_sets(self, account: str) -> set[str]:
        own = ACCOUNT_PREFIX + account
        if not self._sets_by_merged:
            return {own}
        return {own, *self._sets_by_merged.get(self._pseudonym(account), ())}

    def dependents(self, record: ReferenceRecord) -> Collection[str]:
        """The event sets that a record can change; to be asked before `apply`."""
        if isinstance(record, RateSet):
            return self._sets_by_currency.get(record.currency, ())
        if isinstance(record, AccountSet):
            own = self._account_sets(record.account)
            if self._deals_by_account is None or record.custom is UNSET:
                return own
            return own | self._deals_by_account.get(record.account, set())
        if isinstance(record, RepSet) and self._sets_by_rep is not None:
            return () if record.timezone is UNSET else self._sets_by_rep[record.rep]
        return ()

    def dependencies(self) -> Iterator[tuple[Dependency, str, Collection[str]]]:
        """All dependencies: of which kind, on what, and of which event sets."""
        for kind, sets in self._by_kind().items():
            for key, names in sets.items():
                yield kind, key, names

    def restore_dependencies(self, kind: Dependency, key: str, names: Iterable[str]) -> None:
        """Add what `dependencies` gave, as if the entries of these sets were stored."""
        self._by_kind()[kind].setdefault(key, set()).update(names)

    def retire(self, names: set[str]) -> Iterator[tuple[Dependency, str, Collection[str]]]:
        """Forget the dependencies of some event sets; gives them as `dependencies` does."""
        for kind, key, sets in self.dependencies():
            found = names.intersection(sets)
            if found:
                self._by_kind()[kind][key] -= found
                yield kind, key, found

    def bring_back(self, name: str, entries: Iterable[Entry]) -> None:
        """Add the dependencies of an event set of which all entries are there again."""
        for entry in entries:
            self.stored(name, entry)
        if name.startswith(ACCOUNT_PREFIX):
            found = self._accounts.get(name.removeprefix(ACCOUNT_PREFIX))
            if found is not None and found.currency:
                self._depend_on(found.currency, name)

    def _by_kind(self) -> Mapping[Dependency, dict[str, set[str]]]:
        found: dict[Dependency, dict[str, set[str]] | None] = {
            Dependency.CURRENCY: self._sets_by_currency,
            Dependency.MERGED_ACCOUNT: self._sets_by_merged,
            Dependency.ACCOUNT_OF_DEALS: self._deals_by_account,
            Dependency.REP: self._sets_by_rep,
        }
        return {kind: sets for kind, sets in found.items() if sets is not None}

    def apply(self, record: ReferenceRecord) -> None:
        """Put a record in force, in any order."""
        if isinstance(record, RateSet):
            at, order, _ = entry_of(record)
            self.context.rates.update(
                record.currency, record.date.toordinal(), record.rate, at, order
            )
        elif isinstance(record, AccountSet):
            self._accounts.apply(record)
            if record.currency:
                self._depend_on(record.currency, *self._account_sets(record.account))
        elif isinstance(record, RepSet):
            self._reps.apply(record)
