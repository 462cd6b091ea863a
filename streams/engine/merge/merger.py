"""Cells of all shards merged, rolled up and put together to windows; what to publish.

Every window's vector is kept by adding and removing, the same way for a first fact, a
correction and a rep who changes team. Windows that changed are marked; `take` reads them.
"""

from collections.abc import Collection, Iterable, Iterator

from streams.engine.algebra.measures import (
    Grouped,
    add_grouped,
    change,
    negative,
)
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.deferred import (
    PutOff,
    Scopes,
    count,
    join,
    without,
    without_wide,
)
from streams.engine.merge.dependency_index import Dependents
from streams.engine.merge.evaluator import BoardSight
from streams.engine.merge.invalidation import Marks
from streams.engine.merge.record_builder import Published, Rendering
from streams.engine.merge.record_encoder import AGAIN_MS, Records
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.organisation import Organisation
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowSums
from streams.engine.merge.target_alerts import PaceReader
from streams.events import (
    ReferenceRecord,
    RepSet,
    TargetSet,
)

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
        self._shares: dict[tuple[int, str], Grouped] = {}
        # By day or hour and scope, what was put and is in no window yet. A cell changes in many
        # shards, and a team in many reps, until the windows are asked for.
        self._news: dict[tuple[str, str], Grouped] = {}
        # Records to write again although nothing but the time has changed.
        self._again: Scopes = {}
        # Marks that were put off: what they will come to is not known yet.
        self._wide, self._slow = PutOff(), PutOff()
        self._slow_bits = self._mask(kpi.name for kpi in catalogue.derived if kpi.is_slow)
        self._slot = clock // AGAIN_MS

    @property
    def dirty(self) -> int:
        """How many windows of a scope wait to be taken, or cells to be put in theirs."""
        return len(self._news) + len(self._marks) + count(self._again) + self.wide + self.slow

    @property
    def wide(self) -> int:
        """How many of them wait for a `take` of wide windows."""
        return len(self._wide)

    @property
    def slow(self) -> int:
        """How many of them wait for a `take` with slow KPIs."""
        return len(self._slow)

    def put(self, shard: int, cell: str, vectors: Grouped) -> None:
        """Take a shard's whole share of a cell, to be left as it is; {} takes it away."""
        steps = change(self._shares.get((shard, cell), {}), vectors)
        if vectors:
            self._shares[shard, cell] = vectors
        else:
            self._shares.pop((shard, cell), None)
        if steps:
            when, _, scope = cell.partition("|")
            known = self._news.get((when, scope))
            if known is None:
                self._news[when, scope] = steps
            else:
                add_grouped(known, steps)

    def placing(self) -> Iterator[None]:
        """Add what was put to its windows, a rep's also to those of what it belongs to.

        A cell each time it is asked. Nothing else may be called until the iterator is used up;
        whoever does without it has all done by the next call that needs it.
        """
        news, self._news = self._news, {}
        of_groups: dict[tuple[str, str], Grouped] = {}
        for (when, scope), steps in news.items():
            for group in self.organisation.groups(scope):
                add_grouped(of_groups.setdefault((when, group), {}), steps)
        for placed in (news, of_groups):
            for (when, scope), steps in placed.items():
                if steps:
                    self._add(when, scope, steps)
                yield

    def _place_news(self) -> None:
        for _ in self.placing():
            pass

    def hear(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order."""
        self._place_news()
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
        for cell, vectors in cells:
            when = cell.partition("|")[0]
            for group in before:
                self._add(when, group, {kpi: negative(each) for kpi, each in vectors.items()})
            for group in after:
                self._add(when, group, vectors)

    def advance(self, clock: int) -> None:
        """Let time pass, at once."""
        for _ in self.advancing(clock):
            pass

    def advancing(self, clock: int) -> Iterator[None]:
        """Let time pass: rolling and running windows move on, windows become final.

        A little each time it is asked, for another day moves a lot. Nothing else may be called
        until the iterator is used up.
        """
        yield from self.placing()
        self.clock = max(self.clock, clock)
        for window in self._sums.ended(self.clock):
            self._marks.add_ended(window)
        today, before = self.calendar.day(self.clock), self._sums.today
        if today != before:
            self._marks.add_moving()
            yield from self._sums.rolling_on(today)
            self._marks.add_moving()
            self._marks.add_days(before, today)
        slot = self.clock // AGAIN_MS
        if slot != self._slot:
            self._slot = slot
            for place in self._targets:
                for window in self._marks.running(place):
                    # Nothing has changed but the time, so nothing else follows from it.
                    join(self._again.setdefault(window, {}), {place.scope: self._bit[place.kpi]})

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Give the alerts about targets that stand, by key.

        A body is JSON without its closing brace.
        """
        self.advance(clock)
        return self._pace.standing(self.clock) if self._pace else {}

    def take(self, wide: int | None = None, with_slow: bool = True) -> Iterator[Published]:
        """Give (key, body, tail) of what changed since it was last taken, each key once.

        The body lacks revision, tail and its closing brace; None means the record goes, also
        where there was none. Of the wide windows of single members those that wait longest are
        taken until there are so many scopes of them (None: all of them), each with its slow
        KPIs; the others stay for a later call. All other slow KPIs stay, too, if they are not
        asked for. Nothing else may be called until the iterator is used up.
        """
        self._place_news()
        self.sight.forget()
        dirty = self._marks.take()
        again, self._again = self._again, {}
        # Nothing of a window is written before what has changed in it is read, so what is only
        # to be written again waits with the changes.
        self._wide.add(without_wide(dirty), without_wide(again))
        complete = self._wide.take_back(dirty, again, wide)
        if with_slow:
            complete |= self._slow.take_back(dirty, again) | dirty.keys() | again.keys()
        else:
            self._slow.take_back_of(complete, dirty, again)
            others = {window: scopes for window, scopes in again.items() if window not in complete}
            self._slow.add({}, without(self._slow_bits, others))
        for window in {**dirty, **again}:
            if not self._has_begun(window):
                continue
            put_off = 0 if window in complete else self._slow_bits
            reached, later = self._rendering.reached(window, dirty.get(window, {}), put_off)
            if later:
                self._slow.add({window: later}, {})
            page, scopes = self._rendering.page(window, reached, self.clock)
            join(scopes, again.get(window, {}))
            for scope, mask in scopes.items():
                yield from self._rendering.written(page, scope, mask)

    def _has_begun(self, window: Window) -> bool:
        """Tell whether a window may have records: one still to come has none, whatever it holds."""
        return window.start <= (self.clock if window.kind == "hour" else self._sums.today)

    def _add(self, when: str, scope: str, steps: Grouped) -> None:
        """Add steps to every window of a day or to an hour, and mark what they move."""
        bits = self._bits(steps)
        if bits & self._ever_bits:
            kept = self._rendering.of(bits & self._ever_bits)
            self._sums.add_ever(scope, {kpi.name: steps[kpi.name] for kpi in kept})
            self._marks.add_history(bits)
        if when[0] == "h":
            windows: Iterable[Window] = self._sums.add_hour(int(when[1:]), scope, steps)
            bits &= ~self._level_bits
        else:
            day = int(when)
            windows = self._sums.add_day(day, scope, steps)
            levels = [kpi.name for kpi in self._rendering.of(bits & self._level_bits)]
            self._levels.add(day, scope, levels, steps)
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


def _is_for(kpi: Kpi | Derived, dimension: str) -> bool:
    """Tell whether a KPI is told apart by a dimension, the empty one being all."""
    return (dimension or "all") in kpi.reach
