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
    DeferredWork,
    MaskByWindow,
    count,
    join,
    split_kpis,
    split_long_windows,
)
from streams.engine.merge.dependency_index import DependencyIndex
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.invalidation import Invalidation
from streams.engine.merge.record_builder import Published, RecordBuilder
from streams.engine.merge.record_encoder import AGAIN_MS, RecordEncoder
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.organisation import Organisation
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowStore
from streams.engine.merge.target_alerts import TargetAlertEvaluator
from streams.events import (
    ReferenceRecord,
    RepSet,
    TargetSet,
)

DIMENSION_GROUPS = (
    ("",),
    ("rep", *ROLLED_UP),
    ("channel", "media", "campaign"),
    ("partner",),
    ("product",),
    ("stage",),
    ("account",),
)
_GROUP_OF = {
    dimension: number for number, family in enumerate(DIMENSION_GROUPS) for dimension in family
}


def dimension_group(cell: str) -> int:
    """Give the family of dimensions a cell belongs to: families are merged independently."""
    return _GROUP_OF[scope_of(cell).partition("=")[0]]


def scope_of(cell: str) -> str:
    """Give the scope of a cell."""
    return cell.partition("|")[2]


class Merger:
    """Partials in, records out; the clock is passed in and never goes back."""

    def __init__(
        self, catalogue: Catalogue, clock: int, groups: Collection[int] | None = None
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
        self._all_time_bits = self._mask(k.name for k in catalogue.kpis if k.has_all_time)
        own = [d for d, number in _GROUP_OF.items() if groups is None or number in groups]
        # Hidden KPIs are marked so that what is derived from them is found.
        marked = {d: self._mask(k.name for k in self.kpis if _is_for(k, d)) for d in own}
        shown = {d: self._mask(k.name for k in catalogue.published if _is_for(k, d)) for d in own}
        others = dict.fromkeys(_GROUP_OF, 0)
        marked, shown = others | marked, others | shown
        self.encoder = RecordEncoder(self.calendar, definitions.currency, definitions.lateness_ms)
        self._windows = WindowStore(
            self.calendar, self.calendar.day(clock), definitions.lateness_ms
        )
        steps = {kpi.name: kpi.measure.steps for kpi in catalogue.kpis}
        self._levels = Levels(self._windows, steps)
        published = {kpi.name: kpi for kpi in catalogue.published}
        self._targets = Targets(self.calendar, definitions.currency, published, own)
        self.evaluator = KpiEvaluator(
            catalogue, self._windows, self._levels, self._targets, self.encoder
        )
        index = DependencyIndex(self.calendar, catalogue.kpis, catalogue.derived, self._bit)
        self._invalidation = Invalidation(
            self._bit, marked, self._windows, self._levels, self._targets, self.evaluator, index
        )
        self._builder = RecordBuilder(
            self.kpis,
            shown,
            self.encoder,
            self.evaluator,
            self._windows,
            self._levels,
            self._targets,
            index,
        )
        forms = {
            kpi.name: self.encoder.encoder_of(kpi, target_key)
            for target_key, kpi in enumerate(self.kpis)
        }
        rule = catalogue.off_pace
        self._target_alerts = rule and TargetAlertEvaluator(
            rule, forms, self._targets, self.evaluator, self.encoder
        )
        self._partials: dict[tuple[int, str], Grouped] = {}
        # By day or hour and scope, what was put and is in no window yet. A cell changes in many
        # shards, and a team in many reps, until the windows are asked for.
        self._unapplied: dict[tuple[str, str], Grouped] = {}
        # Records to write again although nothing but the time has changed.
        self._rewrite: MaskByWindow = {}
        # Marks that were put off: what they will come to is not known yet.
        self._long_windows, self._expensive = DeferredWork(), DeferredWork()
        self._expensive_bits = self._mask(kpi.name for kpi in catalogue.derived if kpi.is_expensive)
        self._slot = clock // AGAIN_MS

    @property
    def pending(self) -> int:
        """How many windows of a scope wait to be taken, or cells to be put in theirs."""
        return (
            len(self._unapplied)
            + len(self._invalidation)
            + count(self._rewrite)
            + self.pending_long_windows
            + self.pending_expensive
        )

    @property
    def pending_long_windows(self) -> int:
        """How many of them wait for a `take` of wide windows."""
        return len(self._long_windows)

    @property
    def pending_expensive(self) -> int:
        """How many of them wait for a `take` with slow KPIs."""
        return len(self._expensive)

    def set_partial(self, shard: int, cell: str, vectors: Grouped) -> None:
        """Take a shard's whole share of a cell, to be left as it is; {} takes it away."""
        steps = change(self._partials.get((shard, cell), {}), vectors)
        if vectors:
            self._partials[shard, cell] = vectors
        else:
            self._partials.pop((shard, cell), None)
        if steps:
            when, _, scope = cell.partition("|")
            known = self._unapplied.get((when, scope))
            if known is None:
                self._unapplied[when, scope] = steps
            else:
                add_grouped(known, steps)

    def apply_partials(self) -> Iterator[None]:
        """Add what was put to its windows, a rep's also to those of what it belongs to.

        A cell each time it is asked. Nothing else may be called until the iterator is used up;
        whoever does without it has all done by the next call that needs it.
        """
        news, self._unapplied = self._unapplied, {}
        of_groups: dict[tuple[str, str], Grouped] = {}
        for (when, scope), steps in news.items():
            for group in self.organisation.groups(scope):
                add_grouped(of_groups.setdefault((when, group), {}), steps)
        for placed in (news, of_groups):
            for (when, scope), steps in placed.items():
                if steps:
                    self._add(when, scope, steps)
                yield

    def _apply_partials_now(self) -> None:
        for _ in self.apply_partials():
            pass

    def add_reference(self, record: ReferenceRecord) -> None:
        """Take a reference record, in any order."""
        self._apply_partials_now()
        if isinstance(record, RepSet):
            self._set_rep(record)
        elif isinstance(record, TargetSet):
            target_key = self._targets.update(record)
            if target_key is not None:
                self._invalidation.add_target(target_key, self._kpi[target_key.kpi])

    def _set_rep(self, record: RepSet) -> None:
        """Move a rep's every contribution to the team, department and unit it now has."""
        scope = f"rep={record.rep}"
        before = self.organisation.groups(scope)
        if not self.organisation.update(record):
            return
        after = self.organisation.groups(scope)
        if before == after:
            return
        cells = [(cell, v) for (_, cell), v in self._partials.items() if scope_of(cell) == scope]
        for cell, vectors in cells:
            when = cell.partition("|")[0]
            for group in before:
                self._add(when, group, {kpi: negative(each) for kpi, each in vectors.items()})
            for group in after:
                self._add(when, group, vectors)

    def advance_clock_to(self, clock: int) -> None:
        """Let time pass, at once."""
        for _ in self.advance_clock(clock):
            pass

    def advance_clock(self, clock: int) -> Iterator[None]:
        """Let time pass: rolling and running windows move on, windows become final.

        A little each time it is asked, for another day moves a lot. Nothing else may be called
        until the iterator is used up.
        """
        yield from self.apply_partials()
        self.clock = max(self.clock, clock)
        for window in self._windows.ended(self.clock):
            self._invalidation.add_ended(window)
        today, before = self.calendar.day(self.clock), self._windows.today
        if today != before:
            self._invalidation.add_rolling()
            yield from self._windows.advance_rolling(today)
            self._invalidation.add_rolling()
            self._invalidation.add_days(before, today)
        slot = self.clock // AGAIN_MS
        if slot != self._slot:
            self._slot = slot
            for target_key in self._targets:
                for window in self._invalidation.running(target_key):
                    # Nothing has changed but the time, so nothing else follows from it.
                    join(
                        self._rewrite.setdefault(window, {}),
                        {target_key.scope: self._bit[target_key.kpi]},
                    )

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Give the alerts about targets that stand, by key.

        A body is JSON without its closing brace.
        """
        self.advance_clock_to(clock)
        return self._target_alerts.current(self.clock) if self._target_alerts else {}

    def publications(
        self, max_long_windows: int | None = None, with_expensive: bool = True
    ) -> Iterator[Published]:
        """Give (key, body, tail) of what changed since it was last taken, each key once.

        The body lacks revision, tail and its closing brace; None means the record goes, also
        where there was none. Of the wide windows of single members those that wait longest are
        taken until there are so many scopes of them (None: all of them), each with its slow
        KPIs; the others stay for a later call. All other slow KPIs stay, too, if they are not
        asked for. Nothing else may be called until the iterator is used up.
        """
        self._apply_partials_now()
        self.evaluator.clear_cache()
        dirty = self._invalidation.drain()
        again, self._rewrite = self._rewrite, {}
        # Nothing of a window is written before what has changed in it is read, so what is only
        # to be written again waits with the changes.
        self._long_windows.add(split_long_windows(dirty), split_long_windows(again))
        complete = self._long_windows.resume(dirty, again, max_long_windows)
        if with_expensive:
            complete |= self._expensive.resume(dirty, again) | dirty.keys() | again.keys()
        else:
            self._expensive.resume_windows(complete, dirty, again)
            others = {window: scopes for window, scopes in again.items() if window not in complete}
            self._expensive.add({}, split_kpis(self._expensive_bits, others))
        for window in {**dirty, **again}:
            if not self._has_begun(window):
                continue
            put_off = 0 if window in complete else self._expensive_bits
            reached, later = self._builder.affected(window, dirty.get(window, {}), put_off)
            if later:
                self._expensive.add({window: later}, {})
            context, scopes = self._builder.window_context(window, reached, self.clock)
            join(scopes, again.get(window, {}))
            for scope, mask in scopes.items():
                yield from self._builder.records_of(context, scope, mask)

    def _has_begun(self, window: Window) -> bool:
        """Tell whether a window may have records: one still to come has none, whatever it holds."""
        return window.start <= (self.clock if window.kind == "hour" else self._windows.today)

    def _add(self, when: str, scope: str, steps: Grouped) -> None:
        """Add steps to every window of a day or to an hour, and mark what they move."""
        bits = self._bits(steps)
        if bits & self._all_time_bits:
            kept = self._builder.of(bits & self._all_time_bits)
            self._windows.add_all_time(scope, {kpi.name: steps[kpi.name] for kpi in kept})
            self._invalidation.add_history(bits)
        if when[0] == "h":
            windows: Iterable[Window] = self._windows.add_hour(int(when[1:]), scope, steps)
            bits &= ~self._level_bits
        else:
            day = int(when)
            windows = self._windows.add_day(day, scope, steps)
            levels = [kpi.name for kpi in self._builder.of(bits & self._level_bits)]
            self._levels.add(day, scope, levels, steps)
        self._invalidation.add(scope, windows, bits)
        # The window after has a new `previous`; the levels see to that themselves.
        following = [self.calendar.following(w) for w in windows if w.kind not in ROLLING_DAYS]
        current = [w for w in self._windows.rolling if self.calendar.preceding(w) in windows]
        self._invalidation.add(scope, following + current, bits & ~self._level_bits)

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
    return (dimension or "all") in kpi.published_scopes
