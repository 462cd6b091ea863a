"""One partition's rows and the cells they add up to.

A row is a set of events; a cell is the sum of its rows' shares. So an event is applied by
taking the difference of its row's shares before and after, and nothing else depends on the
order in which events came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from itertools import count

from streams.engine.calendar import milliseconds
from streams.engine.catalogue import Catalogue, Terms
from streams.engine.contributions import Contributions, Share, Shares, difference
from streams.engine.entries import Entry
from streams.engine.measures import Vector
from streams.engine.money import Rates
from streams.events import (
    AccountSet,
    Event,
    RateSet,
    ReferenceRecord,
    RepSet,
    SpendRecorded,
    canonical,
    pack,
    unpack,
)
from streams.events.model import Common

Row = dict[str, Entry]
Cell = defaultdict[str, int]
# Shares of this many rows are remembered, so that a row touched again soon is not read twice.
REMEMBERED = 30_000
# The shard that counts what belongs to no subject.
FIRST = 0


class Shard:
    """Rows in, changed cells out; the clock is passed in and never goes back."""

    def __init__(self, catalogue: Catalogue, clock: int, number: int = 0) -> None:
        """Start empty at an instant in milliseconds; `number` is the shard's own."""
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
        self._rows: dict[str, Row] = {}
        self._shares: dict[str, Shares] = {}
        self._touched: dict[str, Shares] = {}
        self._cells: defaultdict[int | str, defaultdict[str, Cell]] = defaultdict(_empty_scopes)
        self._changed: defaultdict[int | str, set[str]] = defaultdict(set)
        self._heap: list[tuple[int, int, Share]] = []
        self._pending: dict[Share, int] = {}
        self._serial = count()
        # Where a set is spread over rows: which one holds an id.
        self._spread: dict[str, dict[str, str]] = {}
        self._currencies: dict[str, set[str]] = {}
        # Whose rows a rep's working hours matter to, if they matter at all.
        self._by_hours: defaultdict[str, set[str]] | None = (
            None if catalogue.definitions.working is None else defaultdict(set)
        )

    @property
    def next_due(self) -> int | None:
        """The instant at which time alone will next change a cell."""
        return self._heap[0][0] if self._heap else None

    def add(self, event: Event) -> tuple[bytes, bytes] | None:
        """Put an event in its row; None if that changes nothing, else the element to keep.

        Of two events with one id the one with the greater `at` stands, then the one with the
        greater bytes. Cells follow at the next `settle`.
        """
        owner, name = self._catalogue.place(event)
        entry = _entry(event)
        held = self._held(owner, name, event.id)
        old = self._rows.get(held, {}).get(event.id)
        if old is not None and not _stands(entry, old):
            return None
        if old is not None and held != name:
            self._touch(held)
            del self._rows[held][event.id]
            self._spread.get(owner, {}).pop(event.id, None)
        self._touch(name)
        self._keep(owner, name, entry)
        return element(owner, event.id), pack(event)

    def restore(self, key: bytes, value: bytes) -> None:  # noqa: ARG002 - the value says it all
        """Take back one element written earlier; `fold` must follow."""
        event = unpack(value)
        owner, name = self._catalogue.place(event)
        self._keep(owner, name, _entry(event))

    def fold(self, clock: int) -> None:
        """Add up every cell from the rows as of an instant."""
        self.clock = max(self.clock, clock)
        # Reference records heard before the rows were back changed nothing that was added up.
        self._touched.clear()
        for name in self._rows:
            for shares in self._read(name):
                self._apply((share, 1) for share in shares)
        self._changed.clear()

    def settle(self, clock: int) -> dict[str, Vector]:
        """Bring the cells up to an instant and to the events added since.

        Returns every cell that changed with its whole new value, {} for one that is gone.
        """
        self.clock = max(self.clock, clock)
        self._mature()
        for name, before in self._touched.items():
            after = self._read(name)
            self._apply(difference(before, after))
            self._remember(name, after)
        self._touched.clear()
        changed = {
            f"{at}|{scope}": self._clean(at, scope)
            for at, scopes in self._changed.items()
            for scope in scopes
        }
        self._changed.clear()
        return changed

    def cells(self) -> Mapping[str, Vector]:
        """Give every cell that is not empty."""
        return {
            f"{at}|{scope}": vector
            for at, scopes in list(self._cells.items())
            for scope in list(scopes)
            if (vector := self._clean(at, scope))
        }

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
        if old is not None and not _stands(_entry(record), _entry(old)):
            return
        self._touch(name)
        self._accounts[record.account] = record
        if record.currency:
            self._currencies.setdefault(record.currency, set()).add(name)

    def _set_rep(self, record: RepSet) -> None:
        old = self._reps.get(record.rep)
        if old is not None and not _stands(_entry(record), _entry(old)):
            return
        if self._by_hours is not None and record.timezone != (old.timezone if old else None):
            for name in self._by_hours[record.rep]:
                self._touch(name)
        self._reps[record.rep] = record

    def _set_spend(self, record: SpendRecorded) -> None:
        """Give each spend a row of its own, which the reference topic keeps, not the state."""
        name, entry = f"spend:{record.id}", _entry(record)
        old = self._rows.get(name, {}).get(record.id)
        if old is None or _stands(entry, old):
            self._touch(name)
            self._keep(name, name, entry)

    def _keep(self, owner: str, name: str, entry: Entry) -> None:
        self._rows.setdefault(name, {})[entry.id] = entry
        if name != owner:
            self._spread.setdefault(owner, {})[entry.id] = name
        currency = getattr(entry.event, "currency", None)
        if currency:
            self._currencies.setdefault(currency, set()).add(name)
        rep = getattr(entry.event, "rep", None) if self._by_hours is not None else None
        if rep and self._by_hours is not None:
            self._by_hours[rep].add(name)

    def _held(self, owner: str, name: str, event: str) -> str:
        """Name the row of a set that holds an id now, else the one that would."""
        spread = self._spread.get(owner)
        if spread is None and name == owner:
            return name
        if event in self._rows.get(owner, {}):
            return owner
        return (spread or {}).get(event, name)

    def _touch(self, name: str) -> None:
        """Remember what a row's shares are before it changes."""
        if name not in self._touched:
            found = self._shares.get(name)
            self._touched[name] = self._read(name) if found is None else found

    def _read(self, name: str) -> Shares:
        row = self._rows.get(name)
        if not row:
            return []
        things = self._catalogue.view(name, sorted(row.values()), self.terms)
        return self._contributions.of(things)

    def _remember(self, name: str, shares: Shares) -> None:
        self._shares.pop(name, None)
        self._shares[name] = shares
        if len(self._shares) > REMEMBERED:
            del self._shares[next(iter(self._shares))]

    def _apply(self, shares: Iterable[tuple[Share, int]]) -> None:
        """Add shares so many times to every cell they reach, or let them wait for their time.

        Everything the shard does ends here, so look-ups are spelled out instead of called.
        """
        clock, day_of, cells = self.clock, self.calendar.day, self._cells
        contributions = self._contributions
        hourly, scopes_of = contributions.is_hourly, contributions.scopes
        components = contributions.components
        for (number, at, since, value, dimensions), times in shares:
            if since > clock:
                self._wait((number, at, since, value, dimensions), since, times)
                continue
            pairs = components(number, value)
            scopes = scopes_of(number, dimensions)
            day = day_of(at)
            keys = (day, f"h{self.calendar.hour(at)}") if hourly[number] else (day,)
            for key in keys:
                self._changed[key].update(scopes)
                reached = cells[key]
                for scope in scopes:
                    cell = reached[scope]
                    for name, component in pairs:
                        cell[name] += times * component

    def _wait(self, share: Share, since: int, times: int) -> None:
        """Keep a share until its time; one taken back before that leaves its slot at 0."""
        if share not in self._pending:
            heappush(self._heap, (since, next(self._serial), share))
        self._pending[share] = self._pending.get(share, 0) + times

    def _mature(self) -> None:
        while self._heap and self._heap[0][0] <= self.clock:
            share = heappop(self._heap)[2]
            times = self._pending.pop(share)
            if times:
                self._apply(((share, times),))

    def _clean(self, at: int | str, scope: str) -> Vector:
        """Give a cell without its zeros; the caller may keep it, the shard goes on with its own."""
        cells = self._cells[at]
        cell = cells[scope]
        vector = {name: number for name, number in cell.items() if number}
        if not vector:
            del cells[scope]
        elif len(vector) < len(cell):
            cells[scope] = defaultdict(int, vector)
        return vector


def _entry(event: Common) -> Entry:
    return Entry(milliseconds(event.at), event.id, event)


def _empty_cell() -> Cell:
    return defaultdict(int)


def _empty_scopes() -> defaultdict[str, Cell]:
    return defaultdict(_empty_cell)


def _stands(new: Entry, old: Entry) -> bool:
    if (new.at, new.id) != (old.at, old.id):
        return (new.at, new.id) > (old.at, old.id)
    return new.event != old.event and canonical(new.event) > canonical(old.event)


def element(owner: str, event: str) -> bytes:
    """Name an event's place in the state: no two (owner, id) share one."""
    return f"{len(owner)}|{owner}|{event}".encode()
