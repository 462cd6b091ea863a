"""Cells of all shards merged, rolled up and put together to windows; what to publish.

Every window's vector is kept by adding and removing, the same way for a first fact, a
correction and a rep who changes team. Windows that changed are marked; `take` reads them.
"""

from collections.abc import Callable, Iterable, Iterator

from streams.engine.calendar import CALENDAR_KINDS, ROLLING_DAYS, Window
from streams.engine.catalogue import ROLLED_UP, Catalogue, Kpi
from streams.engine.levels import Levels
from streams.engine.measures import Grouped, Vector, add, by_kpi
from streams.engine.organisation import Organisation
from streams.engine.records import Records
from streams.engine.windows import WindowSums
from streams.events import ReferenceRecord, RepSet

FAMILIES = (
    ("",),
    ("rep", *ROLLED_UP),
    ("channel", "media", "campaign"),
    ("partner",),
    ("product",),
    ("stage",),
    ("account",),
)
_FAMILY = {dimension: number for number, family in enumerate(FAMILIES) for dimension in family}
Published = tuple[str, bytes | None, str]


def family(cell: str) -> int:
    """Give the family of dimensions a cell belongs to: families are merged independently."""
    return _FAMILY[of(cell).partition("=")[0]]


def of(cell: str) -> str:
    """Give the scope of a cell."""
    return cell.partition("|")[2]


class Board:
    """Partials in, records out; the clock is passed in and never goes back."""

    def __init__(self, catalogue: Catalogue, clock: int) -> None:
        """Start empty at an instant in milliseconds."""
        definitions = catalogue.definitions
        self.clock = clock
        self.calendar = catalogue.calendar
        self.kpis = catalogue.kpis
        self.records = Records(self.calendar, definitions.currency, definitions.lateness_ms)
        self.organisation = Organisation()
        self._sums = WindowSums(self.calendar, self.calendar.day(clock), definitions.lateness_ms)
        steps = {kpi.name: kpi.measure.steps for kpi in self.kpis}
        self._levels = Levels(self._sums, steps)
        self._bit = {kpi.name: 1 << number for number, kpi in enumerate(self.kpis)}
        self._level_bits = self._mask(k.name for k in self.kpis if k.measure.steps)
        self._ever_bits = self._mask(k.name for k in self.kpis if k.has_ever)
        self._shown = {
            scope: self._mask(
                k.name for k in self.kpis if not k.is_hidden and (not scope or scope in k.scopes)
            )
            for members in FAMILIES
            for scope in members
        }
        self._shares: dict[tuple[int, str], Vector] = {}
        self._dirty: dict[tuple[str, Window], int] = {}

    @property
    def dirty(self) -> int:
        """How many windows of a scope wait to be taken."""
        return len(self._dirty) + self._levels.changed

    def put(self, shard: int, cell: str, vector: Vector) -> None:
        """Take a shard's whole share of a cell; {} takes it away."""
        change = dict(vector)
        add(change, self._shares.get((shard, cell), {}), -1)
        if vector:
            self._shares[shard, cell] = vector
        else:
            self._shares.pop((shard, cell), None)
        when, _, scope = cell.partition("|")
        if change:
            grouped = by_kpi(change)
            for target in (scope, *self.organisation.groups(scope)):
                self._add(when, target, grouped)

    def ever(self, scope: str) -> Grouped:
        """Give what hidden KPIs that keep it come to over all time, by KPI."""
        return self._sums.ever(scope)

    def hear(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order."""
        if isinstance(record, RepSet):
            self._set_rep(record)

    def _set_rep(self, record: RepSet) -> None:
        """Move a rep's every contribution to the team, department and unit it now has."""
        scope = f"rep={record.rep}"
        before = self.organisation.groups(scope)
        if not self.organisation.put(record):
            return
        after = self.organisation.groups(scope)
        if before == after:
            return
        cells = [(cell, v) for (_, cell), v in self._shares.items() if of(cell) == scope]
        for cell, vector in cells:
            when = cell.partition("|")[0]
            for group in before:
                self._add(when, group, by_kpi({name: -n for name, n in vector.items()}))
            for group in after:
                self._add(when, group, by_kpi(vector))

    def advance(self, clock: int) -> None:
        """Let time pass: rolling and running windows move on, windows become final."""
        self.clock = max(self.clock, clock)
        for window in self._sums.ended(self.clock):
            for scope, vector in self._sums.scopes(window).items():
                self._mark(scope, (window,), self._bits(vector))
        today = self.calendar.day(self.clock)
        if today != self._sums.today:
            self._mark_moving()
            self._sums.roll(today)
            self._mark_moving()

    def take(self, due: Callable[[str], bool] | None = None) -> Iterator[Published]:
        """Give (key, body, as_of) of what changed since it was last taken.

        The body lacks revision, as_of and its closing brace; None means the record goes, also
        where there was none. Keys that are not due stay for a later call. Nothing else may be
        called until the iterator is used up.
        """
        for scope, name, windows in self._levels.take():
            self._mark(scope, windows, self._bit[name])
        dirty, self._dirty = self._dirty, {}
        instants: dict[Window, str] = {}
        for (scope, window), mask in dirty.items():
            as_of = instants.get(window) or self.records.as_of(window, self.clock)
            instants[window] = as_of
            now = before = None
            for kpi in self._of(mask):
                key = self.records.key(kpi, scope, window)
                if due is not None and not due(key):
                    self._mark(scope, (window,), self._bit[kpi.name])
                    continue
                if kpi.measure.steps:
                    yield key, self._level_body(kpi, scope, window), as_of
                    continue
                if now is None or before is None:
                    now = self._sums.vectors(window, scope)
                    before = self._sums.vectors(self.calendar.preceding(window), scope)
                yield key, self._body(kpi, scope, window, now, before), as_of

    def _add(self, when: str, scope: str, change: Grouped) -> None:
        """Add a change to every window of a day or to an hour, and mark what it moves."""
        bits = self._bits(change)
        if bits & self._ever_bits:
            lasting = {kpi.name: change[kpi.name] for kpi in self._of(bits & self._ever_bits)}
            self._sums.add_ever(scope, lasting)
        if when[0] == "h":
            windows: Iterable[Window] = self._sums.add_hour(int(when[1:]), scope, change)
            bits &= ~self._level_bits
        else:
            day = int(when)
            windows = self._sums.add_day(day, scope, change)
            levels = [kpi.name for kpi in self._of(bits & self._level_bits)]
            self._levels.add(day, scope, levels, change)
        self._mark(scope, windows, bits)
        # The window after has a new `previous`; the levels see to that themselves.
        following = [self.calendar.following(w) for w in windows if w.kind not in ROLLING_DAYS]
        current = [w for w in self._sums.rolling if self.calendar.preceding(w) in windows]
        self._mark(scope, following + current, bits & ~self._level_bits)

    def _mark(self, scope: str, windows: Iterable[Window], bits: int) -> None:
        bits &= self._shown[scope.partition("=")[0]]
        if bits:
            dirty = self._dirty
            for window in windows:
                dirty[scope, window] = dirty.get((scope, window), 0) | bits

    def _mark_moving(self) -> None:
        """Mark everything whose window is rolling, and every level of a running window."""
        for window in self._sums.rolling:
            for of in (window, self.calendar.preceding(window)):
                for scope, vector in self._sums.scopes(of).items():
                    self._mark(scope, (window,), self._bits(vector))
        running = self.calendar.windows_of(self._sums.today)
        for scope, name in self._levels.known():
            self._mark(scope, (*running, *self._sums.rolling), self._bit[name])

    def _body(
        self, kpi: Kpi, scope: str, window: Window, now: Grouped, before: Grouped
    ) -> bytes | None:
        own = now.get(kpi.name)
        if not own or (window.kind in ROLLING_DAYS and window not in self._sums.rolling):
            return None
        is_final = self.records.is_final(window, self.clock)
        return self.records.body(kpi, scope, window, own, before.get(kpi.name, {}), is_final)

    def _level_body(self, kpi: Kpi, scope: str, window: Window) -> bytes | None:
        if not self._is_level_shown(kpi, scope, window):
            return None
        end = self.calendar.following(window).start
        level = self._levels.before(kpi.name, scope, end)
        previous = self._levels.before(kpi.name, scope, window.start)
        is_final = self.records.is_final(window, self.clock)
        return self.records.body(kpi, scope, window, level, previous, is_final)

    def _is_level_shown(self, kpi: Kpi, scope: str, window: Window) -> bool:
        """Tell whether a level has a record: a step falls in the window, or it is running."""
        today = self._sums.today
        is_running = window in self._sums.rolling or (
            window.kind in CALENDAR_KINDS and window in self.calendar.windows_of(today)
        )
        if is_running:
            return self._levels.is_known(kpi.name, scope)
        is_rolling = window.kind in ROLLING_DAYS
        return not is_rolling and "n" in self._sums.vectors(window, scope).get(kpi.name, {})

    def _mask(self, names: Iterable[str]) -> int:
        return sum(self._bit[name] for name in names)

    def _bits(self, vectors: Grouped) -> int:
        """Give the KPIs among these vectors that are known here."""
        mask = 0
        for name in vectors:
            mask |= self._bit.get(name, 0)
        return mask

    def _of(self, mask: int) -> Iterator[Kpi]:
        while mask:
            bit = mask & -mask
            mask ^= bit
            yield self.kpis[bit.bit_length() - 1]
