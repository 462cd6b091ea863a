"""Partial aggregates merged over partitions, rolled up and summed by window."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from streams.engine.algebra.measures import Grouped, negative
from streams.engine.calendars.calendar import Window, milliseconds
from streams.engine.calendars.schedule import Schedule
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.dimension_groups import ALL_DIMENSIONS, dimensions_of
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.invalidation import Invalidation
from streams.engine.merge.publication_round import PublicationRound
from streams.engine.merge.record_builder import Publication, RecordBuilder
from streams.engine.merge.record_encoder import REWRITE_INTERVAL_MS
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiIndex,
    KpiMask,
    MaskByWindow,
)
from streams.engine.merge.state.merge_state import empty_state
from streams.engine.merge.state.organisation import Organisation
from streams.engine.merge.state.partial_store import PartialStore
from streams.engine.merge.state.priorities import Priorities
from streams.engine.merge.state.published_keys import PublishedKeys
from streams.engine.merge.target_alerts import TargetAlertEvaluator
from streams.engine.merge.work_queue import WorkQueue, join
from streams.events import (
    ReferenceRecord,
    RepSet,
    TargetSet,
)

# Cells that one step adds to their windows: about half a millisecond.
CELLS_PER_STEP = 10


class Merger:
    """Partials in, records out, for some groups of dimensions or for all.

    The clock, in milliseconds, is passed in and never goes back. Targets count only in the
    merger's own groups, for a target alone can make a record. `apply_partials` and
    `advance_clock` are steps of work that may take long: between two of them every method may
    be called, and does itself what it needs of the work that is left.
    """

    def __init__(
        self, catalogue: Catalogue, clock: int, groups: Collection[int] | None = None
    ) -> None:
        own = [each.name for each in catalogue.definitions.own_dimensions]
        dimensions = dimensions_of(groups, own)
        state = empty_state(catalogue, clock, dimensions)
        index = state.kpis
        self.clock = clock
        self.calendar = catalogue.calendar
        self._kpis = index
        self._windows, self._levels, self._targets = state.windows, state.levels, state.targets
        self._level_kpis = index.mask(k.name for k in catalogue.kpis if k.measure.steps)
        self._all_time_kpis = index.mask(k.name for k in catalogue.kpis if k.has_all_time)
        choices = catalogue.definitions.choices
        self._organisation = Organisation(rolls_up=choices.organisation == "now")
        self._partials = PartialStore(self._organisation)
        self.evaluator = KpiEvaluator(catalogue, state)
        self._published = index.mask(kpi.name for kpi in catalogue.published)
        # Hidden KPIs are of interest so that what is derived from them is found.
        of_interest = _kpis_by_dimension(index.kpis, dimensions, index)
        self._invalidation = Invalidation(of_interest, catalogue.windows, state, self.evaluator)
        published = _kpis_by_dimension(catalogue.published, dimensions, index)
        priorities = Priorities(index, catalogue.calendar, state.windows.today)
        self._builder = RecordBuilder(published, state, self.evaluator, priorities)
        self._keys = PublishedKeys(published, catalogue.windows, index, state.encoder)
        self._queue = WorkQueue(priorities)
        self._round: PublicationRound | None = None
        rule = catalogue.off_pace
        self._target_alerts = rule and TargetAlertEvaluator(rule, state, self.evaluator)
        self._rewrite_slot = clock // REWRITE_INTERVAL_MS
        # The day before the one whose rolling windows are being filled.
        self._day_before: int | None = None
        self._future: Schedule[ReferenceRecord] = Schedule()

    @property
    def pending(self) -> int:
        """How many windows of a scope wait for a round, and cells for their windows."""
        unread = len(self._partials) + len(self._invalidation) + (self._day_before is not None)
        chosen = 0 if self._round is None else len(self._round)
        return unread + len(self._queue) + chosen

    def waiting(self, priority: Priority) -> int:
        """How many windows of a scope are known to wait for a round of a priority."""
        return self._queue.waiting(priority)

    @property
    def epoch(self) -> int:
        """The number of the current epoch: each round begins one, after all that was applied."""
        return self._queue.epoch

    @property
    def frontier(self) -> int:
        """The oldest epoch that has records which no round has given; at most the current one."""
        epoch = self._queue.oldest_epoch
        return epoch if self._round is None else self._round.oldest_epoch(epoch)

    def set_partial(self, partition: int, cell: str, vectors: Grouped) -> None:
        """Replace a partition's partial of a cell, which must not change any more; {} removes."""
        self._partials.set(partition, cell, vectors)

    def apply_partials(self) -> bool:
        """Add some changed cells to their windows; whether more of them wait."""
        if self._day_before is not None:
            self._fill_rolling(self._day_before)
        elif self._partials:
            self._return_round()
            for _ in range(CELLS_PER_STEP):
                change = self._partials.next_change()
                if change is None:
                    break
                when, scope, vectors = change
                if vectors:
                    self._add(when, scope, vectors)
        return self._day_before is not None or bool(self._partials)

    def advance_clock(self, clock: int) -> bool:
        """Advance rolling windows, and find what is final, by one step; whether more waits.

        What waits is finished when this returns False for the same clock.
        """
        if self.apply_partials():
            return True
        self.clock = max(self.clock, clock)
        for record in self._future.due(self.clock):
            self._apply_reference(record)
        for window in self._windows.ended(self.clock):
            self._invalidation.add_ended(window)
        before, today = self._windows.today, self.calendar.day(self.clock)
        if today != before:
            self._return_round()
            self._invalidation.add_running()
            self._windows.begin_day(today)
            self._queue.begin_day(today)
            self._day_before = before
            return True
        self._begin_rewrite_slot()
        return False

    def advance_clock_to(self, clock: int) -> None:
        """Advance the clock in all its steps."""
        while self.advance_clock(clock):
            pass

    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record, in any order; one later than the clock waits for its time."""
        at = milliseconds(record.at)
        if at > self.clock:
            self._future.add(at, record)
        else:
            self._apply_reference(record)

    def _apply_reference(self, record: ReferenceRecord) -> None:
        self._apply_all_partials()
        if isinstance(record, RepSet):
            self._set_rep(record)
        elif isinstance(record, TargetSet):
            change = self._targets.update(record)
            if change is not None:
                self._return_round()
                self._invalidation.add_target(change, self._kpis.by_name[change.key.kpi])

    def alerts(self, clock: int) -> dict[str, bytes]:
        """Alerts about targets that hold at an instant, by key.

        A body is JSON without its closing brace.
        """
        self.advance_clock_to(clock)
        return self._target_alerts.current(self.clock) if self._target_alerts else {}

    def begin_round(
        self, priority: Priority | None = None, max_scopes: int | None = None
    ) -> PublicationRound:
        """Choose what to publish; a round that is not over yet ends, and its rest is chosen again.

        All that comes first, and of `priority` the windows that wait longest, until there are so
        many scopes of them (None: all), with everything of a higher priority in them; with no
        priority all that waits. Within a round each key comes once. A round also ends when
        facts, targets or the day change: what it has not given is chosen by the next one.
        """
        self._apply_all_partials()
        self._return_round()
        self.evaluator.clear_cache()
        self._queue.add(self._invalidation.drain(), {})
        self._queue.epoch += 1
        batches = self._queue.next_batches(priority, max_scopes)
        work = [each for each in batches if self._has_begun(each.window)]
        self._round = PublicationRound(work, self.clock, self._builder, self._queue)
        return self._round

    def reconcile(self, keys: Iterable[str]) -> list[str]:
        """Let published keys come in a round, with None where there is no such record any more.

        Returns those that come in none, since there can be no such record: of a KPI, dimension or
        window that has none here, or of a window that has not begun.
        """
        found, impossible = self._keys.locate(keys, self._has_begun)
        self._queue.add(found, {})
        return impossible

    def publications(
        self, priority: Priority | None = None, max_scopes: int | None = None
    ) -> list[Publication]:
        """All records of a round."""
        return self.begin_round(priority, max_scopes).next_batch()

    def _apply_all_partials(self) -> None:
        while self.apply_partials():
            pass

    def _return_round(self) -> None:
        """End the round, if there is one: the state that it reads is about to change."""
        if self._round is not None:
            self._round.return_work()
            self._round = None

    def _set_rep(self, record: RepSet) -> None:
        """Move a rep's contributions to the team, department and unit of today."""
        scope = f"rep={record.rep}"
        before = self._organisation.groups(scope)
        if not self._organisation.update(record):
            return
        after = self._organisation.groups(scope)
        if before == after:
            return
        self._return_round()
        for when, _, vectors in self._partials.of_scope(scope):
            for group in before:
                self._add(when, group, {kpi: negative(each) for kpi, each in vectors.items()})
            for group in after:
                self._add(when, group, vectors)

    def _fill_rolling(self, before: int) -> None:
        """Add another day to the rolling windows of today; after the last one, invalidate them."""
        if not self._windows.roll_next():
            self._invalidation.add_running()
            self._invalidation.add_days(before, self._windows.today)
            self._day_before = None

    def _begin_rewrite_slot(self) -> None:
        """Let records of running targets be written again if the time for it has come."""
        slot = self.clock // REWRITE_INTERVAL_MS
        if slot == self._rewrite_slot:
            return
        self._rewrite_slot = slot
        rewrite: MaskByWindow = {}
        for target_key in self._targets:
            # Nothing has changed but the time, so nothing else follows from it.
            if written := self._kpis.bits[target_key.kpi] & self._published:
                for window in self._invalidation.running(target_key):
                    join(rewrite.setdefault(window, {}), {target_key.scope: written})
        self._queue.add({}, rewrite)

    def _has_begun(self, window: Window) -> bool:
        """Whether a window may have records: one still to come has none, even with facts."""
        return window.start <= (self.clock if window.kind == "hour" else self._windows.today)

    def _add(self, when: str, scope: str, steps: Grouped) -> None:
        """Add steps to an hour, or to a day and every window of it, and invalidate those."""
        kpis = self._kpis.mask_of_known(steps)
        if all_time := kpis & self._all_time_kpis:
            self._windows.add_all_time(
                scope, {name: steps[name] for name in self._kpis.names(all_time)}
            )
            self._invalidation.add_history(kpis)
        if when[0] == "h":
            windows: Iterable[Window] = self._windows.add_hour(int(when[1:]), scope, steps)
            following: Iterable[Window] = [self.calendar.following(each) for each in windows]
            kpis &= ~self._level_kpis
        else:
            day = int(when)
            windows, following = self._windows.add_day(day, scope, steps)
            if levels := kpis & self._level_kpis:
                self._levels.add(day, scope, self._kpis.names(levels), steps)
        self._invalidation.add(scope, windows, kpis)
        # The window after has a new `previous`; the levels see to that themselves.
        self._invalidation.add(scope, following, kpis & ~self._level_kpis)


def _kpis_by_dimension(
    kpis: Iterable[Kpi | Derived], dimensions: Collection[str], index: KpiIndex
) -> dict[str, KpiMask]:
    """KPIs with records in each dimension; none in dimensions of other groups."""
    found = defaultdict(lambda: NO_KPIS, dict.fromkeys((*ALL_DIMENSIONS, *dimensions), NO_KPIS))
    for kpi in kpis:
        for scope in kpi.published_scopes:
            dimension = "" if scope == "all" else scope
            if dimension in dimensions:
                found[dimension] |= index.bits[kpi.name]
    return found
