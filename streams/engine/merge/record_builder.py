"""From marks to records: ranks first, then every text that has to be written again."""

from collections.abc import Iterator, Mapping, Sequence

from streams.engine.algebra.log_histogram import BucketOrder
from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.dependency_index import DependencyIndex
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import (
    AsOfFields,
    ComputedValues,
    KpiEncoder,
    RecordEncoder,
)
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.rankings import (
    RANKED,
    Number,
    Ranking,
    Rankings,
)
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowStore

Published = tuple[str, bytes | None, AsOfFields]
NO_AS_OF_FIELDS = AsOfFields("")
NOTHING: Grouped = {}
NO_FACTS: Vector = {}
# Orders of buckets: a dozen windows run at a time, and a few KPIs have percentiles.
ORDER_CACHE_SIZE = 500


class WindowContext:
    """One window as of one instant: what all of its records have in common."""

    __slots__ = (
        "as_of_fields",
        "before",
        "changes",
        "clock",
        "end",
        "final",
        "is_open",
        "is_running",
        "name",
        "now",
        "ranks",
        "text",
        "window",
    )

    def __init__(
        self,
        window: Window,
        clock: int,
        sums: WindowStore,
        evaluator: KpiEvaluator,
        records: RecordEncoder,
    ) -> None:
        """Look the window up."""
        self.window = window
        self.clock = clock
        self.now = sums.scopes(window)
        self.before = sums.scopes(sums.calendar.preceding(window))
        self.end = sums.calendar.following(window).start
        self.is_running = evaluator.is_running(window)
        # Of rolling windows only those that end with today have records.
        self.is_open = self.is_running or window.kind not in ROLLING_DAYS
        self.final = b"true" if records.is_final(window, clock) else b"false"
        self.as_of_fields = records.as_of(window, clock)
        self.name, self.text = records.window(window)
        self.changes: dict[int, dict[str, Number | None]] = {}
        self.ranks: Mapping[int, Ranking] = {}


class RecordBuilder:
    """Writes the records of one window at a time; KPIs are bits, in their order."""

    def __init__(
        self,
        kpis: Sequence[Kpi | Derived],
        shown: Mapping[str, int],
        records: RecordEncoder,
        evaluator: KpiEvaluator,
        sums: WindowStore,
        levels: Levels,
        targets: Targets,
        index: DependencyIndex,
    ) -> None:
        """Take what is written, `shown` by dimension, and where it is read."""
        self._forms = [records.encoder_of(kpi, target_key) for target_key, kpi in enumerate(kpis)]
        self._shown = shown
        self._records = records
        self._evaluator = evaluator
        self._sums = sums
        self._levels = levels
        self._targets = targets
        self._index = index
        self._rankings = Rankings()
        self._orders: dict[tuple[Window, str], BucketOrder] = {}

    def affected(
        self, window: Window, scopes: Mapping[str, int], put_off: int
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Give the KPIs that may have another record in a window after these changed, by scope.

        They are the KPIs themselves and those derived from them; apart, those to put off.
        """
        found: dict[str, int] = {}
        later: dict[str, int] = {}
        for scope, mask in scopes.items():
            reached = mask | self._index.of(mask, window.kind)
            reached &= self._shown[scope.partition("=")[0]]
            if reached & put_off:
                later[scope] = reached & put_off
                reached &= ~put_off
            if reached:
                found[scope] = reached
        return found, later

    def window_context(
        self, window: Window, reached: Mapping[str, int], clock: int
    ) -> tuple[WindowContext, dict[str, int]]:
        """Give a window, and which of its records to write by scope after these KPIs changed.

        They are those `reached`, and those whose rank is another for it. Each must come by here
        once, and before anything is written.
        """
        context = WindowContext(window, clock, self._sums, self._evaluator, self._records)
        found = dict(reached)
        for scope, mask in reached.items():
            dimension = scope.partition("=")[0]
            if dimension in RANKED:
                self._rank_candidates(context, dimension, scope, mask)
        for group, numbers in context.changes.items():
            own = group // len(RANKED)
            is_lower_better = self._forms[own].is_lower_better
            for scope in self._rankings.update(window, group, numbers, is_lower_better):
                found[scope] = found.get(scope, 0) | 1 << own
        context.ranks = self._rankings.of(window)
        return context, found

    def of(self, mask: int) -> Iterator[KpiEncoder]:
        """Give the KPIs of a mask."""
        forms = self._forms
        while mask:
            bit = mask & -mask
            mask ^= bit
            yield forms[bit.bit_length() - 1]

    def records_of(self, context: WindowContext, scope: str, mask: int) -> Iterator[Published]:
        """Write a scope's records; None in place of a text: the record is gone."""
        dimension = scope.partition("=")[0]
        is_ranked = dimension in RANKED
        where = f"|{scope or 'all'}|{context.name}"
        for encoder in self.of(mask):
            key = encoder.name + where
            values = self._computed_values(context, encoder, scope)
            if values is None:
                yield key, None, NO_AS_OF_FIELDS
                continue
            rank = b"null"
            if is_ranked and values[0] is not None:
                ranking = context.ranks[encoder.rank_index * len(RANKED) + RANKED[dimension]]
                rank = b"%d" % ranking.rank(scope, encoder.is_lower_better)
            plan = self._targets.of(encoder.name, scope, context.window) if self._targets else None
            body = self._records.body(
                encoder, scope, context.text, values, rank, plan, context.final
            )
            as_of_fields = context.as_of_fields
            if plan is not None:
                as_of_fields = self._records.as_of_fields(
                    encoder, context.window, values[0], plan, context.clock
                )
            yield key, body, as_of_fields

    def _computed_values(
        self, context: WindowContext, encoder: KpiEncoder, scope: str
    ) -> ComputedValues | None:
        """Read a KPI and its `previous`; the usual ways are spelled out, for there are many."""
        name, measure = encoder.name, encoder.measure
        if measure is None or not context.is_open:
            return self._evaluator.evaluate(encoder, scope, context.window)
        own = context.now.get(scope, NOTHING).get(name)
        if not encoder.steps:
            if not own:
                return (
                    self._evaluator.evaluate(encoder, scope, context.window)
                    if self._targets
                    else None
                )
            before = context.before.get(scope, NOTHING).get(name, NO_FACTS)
        else:
            if not (
                self._levels.is_known(name, scope) if context.is_running else own and "n" in own
            ):
                return (
                    self._evaluator.evaluate(encoder, scope, context.window)
                    if self._targets
                    else None
                )
            own = self._levels.before(name, scope, context.end)
            before = self._levels.before(name, scope, context.window.start)
        number, value = encoder.number, measure.value
        return (
            number(value(own)),
            number(value(before)),
            measure.parts(own),
            measure.percentiles
            and measure.percentiles(own, self._bucket_order(context, name, scope)),
        )

    def _bucket_order(self, context: WindowContext, name: str, scope: str) -> BucketOrder:
        """Give the order of a vector's buckets: of everything one that is kept."""
        if scope or not context.is_running:
            return BucketOrder()
        target_key = context.window, name
        found = self._orders.get(target_key)
        if found is None:
            if len(self._orders) >= ORDER_CACHE_SIZE:
                self._orders.clear()
            found = self._orders[target_key] = BucketOrder()
        return found

    def _rank_candidates(
        self, context: WindowContext, dimension: str, scope: str, mask: int
    ) -> None:
        """Note what a member comes to in every KPI."""
        own = context.now.get(scope, NOTHING)
        changes, nth = context.changes, RANKED[dimension]
        for encoder in self.of(mask):
            number: Number | None
            if encoder.measure is None or encoder.steps or not context.is_open:
                number = self._evaluator.number(encoder, scope, context.window)
            else:
                vector = own.get(encoder.name)
                if vector:
                    number = encoder.number(encoder.measure.value(vector))
                elif self._targets:
                    number = self._evaluator.number(encoder, scope, context.window)
                else:
                    number = None
            group = encoder.rank_index * len(RANKED) + nth
            numbers = changes.get(group)
            if numbers is None:
                numbers = changes[group] = {}
            numbers[scope] = number
