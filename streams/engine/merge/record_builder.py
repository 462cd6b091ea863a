"""From invalid KPIs to records: ranks first, then every record that has changed."""

from collections.abc import Mapping

from streams.engine.algebra.log_histogram import BucketOrder
from streams.engine.algebra.measures import Vector
from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import (
    AsOfFields,
    ComputedValues,
    KpiEncoder,
)
from streams.engine.merge.state.kpi_index import KpiMask, MaskByScope
from streams.engine.merge.state.merge_state import MergeState
from streams.engine.merge.state.priorities import Priorities
from streams.engine.merge.state.rankings import RANKED
from streams.engine.merge.window_context import (
    NO_FACTS,
    NOTHING,
    Ranker,
    WindowContext,
    encoders_of,
)

# Key, body and the fields that depend on the instant. The body is JSON without revision and its
# closing brace; None means that there is no such record, also where there has been none.
# A tuple without names: there are thousands a second.
Publication = tuple[str, bytes | None, AsOfFields]
NO_AS_OF_FIELDS = AsOfFields("")
# A dozen windows run at a time, and a few KPIs have percentiles.
ORDER_CACHE_SIZE = 500


class RecordBuilder:
    """Builds the records of one window at a time; `published` are the KPIs of each dimension."""

    def __init__(
        self,
        published: Mapping[str, KpiMask],
        state: MergeState,
        evaluator: KpiEvaluator,
        priorities: Priorities,
    ) -> None:
        self._state = state
        self._priorities = priorities
        self._encoders = [
            state.encoder.encoder_of(kpi, number) for number, kpi in enumerate(state.kpis.kpis)
        ]
        self._published = published
        self._encoder = state.encoder
        self._evaluator = evaluator
        self._levels = state.levels
        self._targets = state.targets
        self._dependencies = state.dependencies
        self._ranker = Ranker(self._encoders, state, evaluator)
        self._bucket_orders: dict[tuple[Window, str], BucketOrder] = {}

    def affected(
        self, window: Window, changed: MaskByScope, priority: Priority
    ) -> tuple[MaskByScope, MaskByScope]:
        """KPIs whose records may differ after these have changed, by scope.

        They are the KPIs themselves and those derived from them. Those of a lower priority are
        apart.
        """
        found: MaskByScope = {}
        later: MaskByScope = {}
        up_to, of = self._priorities.up_to, self._dependencies.of
        now: dict[str, KpiMask] = {}
        for scope, mask in changed.items():
            dimension = scope.partition("=")[0]
            if dimension not in now:
                now[dimension] = up_to(priority, dimension, window)
            affected = (mask | of(mask, window.kind)) & self._published[dimension]
            if own := affected & now[dimension]:
                found[scope] = own
            if own != affected:
                later[scope] = affected ^ own
        return found, later

    def window_context(
        self, window: Window, affected: MaskByScope, clock: int
    ) -> tuple[WindowContext, MaskByScope]:
        """Rank a window's affected KPIs; returns the window and its records to write, by scope.

        Those are the affected ones and the ones whose rank has changed.
        """
        context = WindowContext(window, clock, self._state, self._evaluator)
        return context, self._ranker.rank(context, affected)

    def add_records(
        self, context: WindowContext, scope: str, mask: KpiMask, into: list[Publication]
    ) -> None:
        """Append the records of a scope's KPIs."""
        dimension = scope.partition("=")[0]
        is_ranked = dimension in RANKED
        where = f"|{scope or 'all'}|{context.name}"
        for encoder in encoders_of(self._encoders, mask):
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
        to_date: Vector | None = None
        if encoder.steps:
            is_known = (
                self._levels.is_known(name, scope) if context.is_running else own and "n" in own
            )
            if not is_known:
                return self._without_facts(context, encoder, scope)
            own = self._levels.before(name, scope, context.end)
            before = self._levels.before(name, scope, context.window.start)
            if context.to_date is not None:
                to_date = self._levels.before(name, scope, context.to_date.end)
        else:
            if not own:
                return self._without_facts(context, encoder, scope)
            before = context.before.get(scope, NOTHING).get(name, NO_FACTS)
            if context.to_date is not None:
                to_date = context.to_date.scopes.get(scope, NOTHING).get(name, NO_FACTS)
        number, value = encoder.number, measure.value
        return (
            number(value(own)),
            number(value(before)),
            None if to_date is None else number(value(to_date)),
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
