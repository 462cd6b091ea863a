"""From invalid KPIs to records: ranks first, then every record that has changed."""

from collections.abc import Iterator, Mapping

from streams.engine.algebra.log_histogram import BucketOrder
from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import (
    AsOfFields,
    ComputedValues,
    KpiEncoder,
)
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiMask,
    MaskByScope,
)
from streams.engine.merge.state.merge_state import MergeState
from streams.engine.merge.state.rankings import (
    RANKED,
    Number,
    Ranking,
    Rankings,
)

# Key, body and the fields that depend on the instant. The body is JSON without revision and its
# closing brace; None means that there is no such record, also where there has been none.
# A tuple without names: there are thousands a second.
Publication = tuple[str, bytes | None, AsOfFields]
NO_AS_OF_FIELDS = AsOfFields("")
NOTHING: Grouped = {}
NO_FACTS: Vector = {}
# A dozen windows run at a time, and a few KPIs have percentiles.
ORDER_CACHE_SIZE = 500


class WindowContext:
    """What all records of one window have in common, as of an instant.

    Attributes:
        now: Vectors by scope.
        before: Vectors of the window before.
        end: The day after the window; for an hour the instant.
        is_open: Whether the window may have records of KPIs that are not derived.
        changes: New numbers to rank, by ranking group and scope.
        ranks: The window's rankings by group.
    """

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
        self, window: Window, clock: int, state: MergeState, evaluator: KpiEvaluator
    ) -> None:
        windows, encoder = state.windows, state.encoder
        self.window = window
        self.clock = clock
        self.now = windows.scopes(window)
        self.before = windows.scopes(windows.calendar.preceding(window))
        self.end = windows.calendar.following(window).start
        self.is_running = evaluator.is_running(window)
        # Of rolling windows only those that end with today have records.
        self.is_open = self.is_running or window.kind not in ROLLING_DAYS
        self.final = b"true" if encoder.is_final(window, clock) else b"false"
        self.as_of_fields = encoder.as_of(window, clock)
        self.name, self.text = encoder.window(window)
        self.changes: dict[int, dict[str, Number | None]] = {}
        self.ranks: Mapping[int, Ranking] = {}


class RecordBuilder:
    """Builds the records of one window at a time; `published` are the KPIs of each dimension."""

    def __init__(
        self, published: Mapping[str, KpiMask], state: MergeState, evaluator: KpiEvaluator
    ) -> None:
        self._state = state
        self._encoders = [
            state.encoder.encoder_of(kpi, number) for number, kpi in enumerate(state.kpis.kpis)
        ]
        self._published = published
        self._encoder = state.encoder
        self._evaluator = evaluator
        self._levels = state.levels
        self._targets = state.targets
        self._dependencies = state.dependencies
        self._rankings = Rankings()
        self._bucket_orders: dict[tuple[Window, str], BucketOrder] = {}

    def affected(
        self, window: Window, changed: MaskByScope, deferred: KpiMask
    ) -> tuple[MaskByScope, MaskByScope]:
        """KPIs whose records may differ after these have changed, by scope; deferred ones apart.

        They are the KPIs themselves and those derived from them.
        """
        found: MaskByScope = {}
        later: MaskByScope = {}
        for scope, mask in changed.items():
            affected = mask | self._dependencies.of(mask, window.kind)
            affected &= self._published[scope.partition("=")[0]]
            if affected & deferred:
                later[scope] = affected & deferred
                affected &= ~deferred
            if affected:
                found[scope] = affected
        return found, later

    def window_context(
        self, window: Window, affected: MaskByScope, clock: int
    ) -> tuple[WindowContext, MaskByScope]:
        """Rank a window's affected KPIs; returns the window and its records to write, by scope.

        Those are the affected ones and the ones whose rank has changed.
        """
        context = WindowContext(window, clock, self._state, self._evaluator)
        found = dict(affected)
        for scope, mask in affected.items():
            dimension = scope.partition("=")[0]
            if dimension in RANKED:
                self._rank_candidates(context, dimension, scope, mask)
        for group, numbers in context.changes.items():
            number = group // len(RANKED)
            is_lower_better = self._encoders[number].is_lower_better
            for scope in self._rankings.update(window, group, numbers, is_lower_better):
                found[scope] = found.get(scope, NO_KPIS) | 1 << number
        context.ranks = self._rankings.of(window)
        return context, found

    def add_records(
        self, context: WindowContext, scope: str, mask: KpiMask, into: list[Publication]
    ) -> None:
        """Append the records of a scope's KPIs."""
        dimension = scope.partition("=")[0]
        is_ranked = dimension in RANKED
        where = f"|{scope or 'all'}|{context.name}"
        for encoder in self._encoders_of(mask):
            key = encoder.name + where
            values = self._computed_values(context, encoder, scope)
            if values is None:
                into.append((key, None, NO_AS_OF_FIELDS))
                continue
            rank = b"null"
            if is_ranked and values[0] is not None:
                ranking = context.ranks[encoder.rank_index * len(RANKED) + RANKED[dimension]]
                rank = b"%d" % ranking.rank(scope, encoder.is_lower_better)
            target = (
                self._targets.of(encoder.name, scope, context.window) if self._targets else None
            )
            body = self._encoder.body(
                encoder, scope, context.text, values, rank, target, context.final
            )
            as_of_fields = context.as_of_fields
            if target is not None:
                as_of_fields = self._encoder.as_of_fields(
                    encoder, context.window, values[0], target, context.clock
                )
            into.append((key, body, as_of_fields))

    def _computed_values(
        self, context: WindowContext, encoder: KpiEncoder, scope: str
    ) -> ComputedValues | None:
        """What `KpiEvaluator.evaluate` returns, without calls in the usual cases: a fast path."""
        name, measure = encoder.name, encoder.measure
        if measure is None or not context.is_open:
            return self._evaluator.evaluate(encoder, scope, context.window)
        own = context.now.get(scope, NOTHING).get(name)
        if encoder.steps:
            is_known = (
                self._levels.is_known(name, scope) if context.is_running else own and "n" in own
            )
            if not is_known:
                return self._without_facts(context, encoder, scope)
            own = self._levels.before(name, scope, context.end)
            before = self._levels.before(name, scope, context.window.start)
        else:
            if not own:
                return self._without_facts(context, encoder, scope)
            before = context.before.get(scope, NOTHING).get(name, NO_FACTS)
        number, value = encoder.number, measure.value
        return (
            number(value(own)),
            number(value(before)),
            measure.parts(own),
            measure.percentiles
            and measure.percentiles(own, self._bucket_order(context, name, scope)),
        )

    def _without_facts(
        self, context: WindowContext, encoder: KpiEncoder, scope: str
    ) -> ComputedValues | None:
        """Values of a record that a target alone makes, if there is one."""
        if not self._targets:
            return None
        return self._evaluator.evaluate(encoder, scope, context.window)

    def _bucket_order(self, context: WindowContext, name: str, scope: str) -> BucketOrder:
        """Order of a vector's buckets: cached for the grand total, which is read most often."""
        if scope or not context.is_running:
            return BucketOrder()
        at = context.window, name
        found = self._bucket_orders.get(at)
        if found is None:
            if len(self._bucket_orders) >= ORDER_CACHE_SIZE:
                self._bucket_orders.clear()
            found = self._bucket_orders[at] = BucketOrder()
        return found

    def _rank_candidates(
        self, context: WindowContext, dimension: str, scope: str, mask: KpiMask
    ) -> None:
        """Add a dimension value's new numbers to those to rank."""
        own = context.now.get(scope, NOTHING)
        changes, nth = context.changes, RANKED[dimension]
        for encoder in self._encoders_of(mask):
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

    def _encoders_of(self, mask: KpiMask) -> Iterator[KpiEncoder]:
        encoders = self._encoders
        rest: int = mask
        while rest:
            bit = rest & -rest
            rest ^= bit
            yield encoders[bit.bit_length() - 1]
