"""Cells of all shards merged, rolled up and put together to windows; what to publish.

Every window's vector is kept by adding and removing, the same way for a first fact, a
correction and a rep who changes team. Windows that changed are marked; `take` reads them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from streams.engine.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue import ROLLED_UP, Catalogue, Kpi
from streams.engine.dependents import Dependents
from streams.engine.derived import Derived
from streams.engine.levels import Levels
from streams.engine.marks import Marks
from streams.engine.measures import Grouped, Vector, add, by_kpi
from streams.engine.off_pace import PaceReader
from streams.engine.organisation import Organisation
from streams.engine.records import AGAIN_MS, Records
from streams.engine.rendering import Published, Rendering
from streams.engine.sight import BoardSight
from streams.engine.targets import Targets
from streams.engine.windows import WindowSums
from streams.events import ReferenceRecord, RepSet, TargetSet

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


def family(cell: str) -> int:
    """Give the family of dimensions a cell belongs to: families are merged independently."""
    return _FAMILY[of(cell).partition("=")[0]]


def of(cell: str) -> str:
    """Give the scope of a cell."""
    return cell.partition("|")[2]


class Board:
    """Partials in, records out; the clock is passed in and never goes back."""

    def __init__(
        self, catalogue: Catalogue, clock: int, families: Collection[int] | None = None
    ) -> None:
        """Start empty at an instant in milliseconds, for some families or for all.

        Only of its own families does a board hear targets: a target alone can make a record.
        """
        definitions = catalogue.definitions
        self.clock = clock
        self.calendar = catalogue.calendar
        self.kpis: tuple[Kpi | Derived, ...] = (*catalogue.kpis, *catalogue.derived)
        self.organisation = Organisation()
        self._kpi = {kpi.name: kpi for kpi in self.kpis}
        self._bit = {kpi.name: 1 << number for number, kpi in enumerate(self.kpis)}
        self._level_bits = self._mask(k.name for k in catalogue.kpis if k.measure.steps)
        self._ever_bits = self._mask(k.name for k in catalogue.kpis if k.has_ever)
        own = [d for d, number in _FAMILY.items() if families is None or number in families]
        # Hidden KPIs are marked so that what is derived from them is found.
        noted = {d: self._mask(k.name for k in self.kpis if _is_for(k, d)) for d in own}
        shown = {d: self._mask(k.name for k in catalogue.published if _is_for(k, d)) for d in own}
        others = dict.fromkeys(_FAMILY, 0)
        noted, shown = others | noted, others | shown
        self.records = Records(self.calendar, definitions.currency, definitions.lateness_ms)
        self._sums = WindowSums(self.calendar, self.calendar.day(clock), definitions.lateness_ms)
        steps = {kpi.name: kpi.measure.steps for kpi in catalogue.kpis}
        self._levels = Levels(self._sums, steps)
        published = {kpi.name: kpi for kpi in catalogue.published}
        self._targets = Targets(self.calendar, definitions.currency, published, own)
        self.sight = BoardSight(catalogue, self._sums, self._levels, self._targets, self.records)
        dependents = Dependents(self.calendar, catalogue.kpis, catalogue.derived, self._bit)
        self._marks = Marks(
            self._bit, noted, self._sums, self._levels, self._targets, self.sight, dependents
        )
        self._rendering = Rendering(
            self.kpis,
            shown,
            self.records,
            self.sight,
            self._sums,
            self._levels,
            self._targets,
            dependents,
        )
        forms = {kpi.name: self.records.form(kpi, place) for place, kpi in enumerate(self.kpis)}
        rule = catalogue.off_pace
        self._pace = rule and PaceReader(rule, forms, self._targets, self.sight, self.records)
        self._shares: dict[tuple[int, str], Vector] = {}
        # Keys that were not due: nothing about them has changed since they were read.
        self._waiting: dict[Window, dict[str, int]] = {}
        # Marks that were put off: what they will come to is not known yet.
        self._slow: dict[Window, dict[str, int]] = {}
        self._slow_bits = self._mask(kpi.name for kpi in catalogue.derived if kpi.is_slow)
        self._slot = clock // AGAIN_MS

    @property
    def dirty(self) -> int:
        """How many windows of a scope wait to be taken."""
        return len(self._marks) + sum(map(len, self._waiting.values())) + self.slow

    @property
    def slow(self) -> int:
        """How many of them wait for a `take` with slow KPIs."""
        return sum(map(len, self._slow.values()))

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

    def hear(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order."""
        if isinstance(record, RepSet):
            self._set_rep(record)
        elif isinstance(record, TargetSet):
            place = self._targets.put(record)
            if place is not None:
                self._marks.add_target(place, self._kpi[place.kpi])

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
            self._marks.add_ended(window)
        today, before = self.calendar.day(self.clock), self._sums.today
        if today != before:
            self._marks.add_moving()
            self._sums.roll(today)
            self._marks.add_moving()
            self._marks.add_days(before, today)
        slot = self.clock // AGAIN_MS
        if slot != self._slot:
            self._slot = slot
            for place in self._targets:
                for window in self._marks.running(place):
                    # Nothing has changed but the time, so nothing else follows from it.
                    waiting = self._waiting.setdefault(window, {})
                    waiting[place.scope] = waiting.get(place.scope, 0) | self._bit[place.kpi]

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Give the alerts about targets that stand, by key.

        A body is JSON without its closing brace.
        """
        self.advance(clock)
        return self._pace.standing(self.clock) if self._pace else {}

    def take(
        self, due: Callable[[str], bool] | None = None, with_slow: bool = True
    ) -> Iterator[Published]:
        """Give (key, body, tail) of what changed since it was last taken, each key once.

        The body lacks revision, tail and its closing brace; None means the record goes, also
        where there was none. Keys that are not due stay for a later call, and all keys of slow
        KPIs for one `with_slow`. Nothing else may be called until the iterator is used up.
        """
        self.sight.forget()
        dirty = self._marks.take()
        if with_slow:
            slow, self._slow = self._slow, {}
            for window, scopes in slow.items():
                _join(dirty.setdefault(window, {}), scopes)
        put_off = 0 if with_slow else self._slow_bits
        waiting, self._waiting = self._waiting, {}
        for window in {**dirty, **waiting}:
            if not self._has_begun(window):
                continue
            reached, later = self._rendering.reached(window, dirty.get(window, {}), put_off)
            if later:
                _join(self._slow.setdefault(window, {}), later)
            page, scopes = self._rendering.page(window, reached, self.clock)
            _join(scopes, waiting.get(window, {}))
            for scope, mask in scopes.items():
                late = yield from self._rendering.written(page, scope, mask, due)
                if late:
                    self._waiting.setdefault(window, {})[scope] = late

    def _has_begun(self, window: Window) -> bool:
        """Tell whether a window may have records: one still to come has none, whatever it holds."""
        return window.start <= (self.clock if window.kind == "hour" else self._sums.today)

    def _add(self, when: str, scope: str, change: Grouped) -> None:
        """Add a change to every window of a day or to an hour, and mark what it moves."""
        bits = self._bits(change)
        if bits & self._ever_bits:
            kept = self._rendering.of(bits & self._ever_bits)
            self._sums.add_ever(scope, {kpi.name: change[kpi.name] for kpi in kept})
            self._marks.add_history(bits)
        if when[0] == "h":
            windows: Iterable[Window] = self._sums.add_hour(int(when[1:]), scope, change)
            bits &= ~self._level_bits
        else:
            day = int(when)
            windows = self._sums.add_day(day, scope, change)
            levels = [kpi.name for kpi in self._rendering.of(bits & self._level_bits)]
            self._levels.add(day, scope, levels, change)
        self._marks.add(scope, windows, bits)
        # The window after has a new `previous`; the levels see to that themselves.
        following = [self.calendar.following(w) for w in windows if w.kind not in ROLLING_DAYS]
        current = [w for w in self._sums.rolling if self.calendar.preceding(w) in windows]
        self._marks.add(scope, following + current, bits & ~self._level_bits)

    def _mask(self, names: Iterable[str]) -> int:
        return sum(self._bit[name] for name in names)

    def _bits(self, vectors: Grouped) -> int:
        """Give the KPIs among these vectors that are known here."""
        mask = 0
        for name in vectors:
            mask |= self._bit.get(name, 0)
        return mask


def _join(into: dict[str, int], scopes: Mapping[str, int]) -> None:
    """Add the KPIs of other scopes, in place."""
    for scope, mask in scopes.items():
        into[scope] = into.get(scope, 0) | mask


def _is_for(kpi: Kpi | Derived, dimension: str) -> bool:
    """Tell whether a KPI is told apart by a dimension, the empty one being all."""
    return (dimension or "all") in kpi.reach
