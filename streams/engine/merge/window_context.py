"""What the records of one window have in common: its bounds, its vectors, its ranks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.merge.dimension_groups import dimension_of, is_siblings
from streams.engine.merge.evaluator import KpiEvaluator
from streams.engine.merge.record_encoder import KpiEncoder
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
    RankingGroup,
    Rankings,
    SettledRanking,
)

NOTHING: Grouped = {}
NO_FACTS: Vector = {}


class WindowContext:
    """What all records of one window have in common, as of an instant.

    Attributes:
        now: Vectors by scope.
        before: Vectors of the window before.
        end: The day after the window; for an hour the instant.
        is_open: Whether the window may have records of KPIs that are not derived.
        is_over: Whether it may, and does not run.
        ranks: The window's rankings by group.
        to_date: What the window is compared with, if it runs and has more than a day.
    """

    __slots__ = (
        "as_of_fields",
        "before",
        "clock",
        "end",
        "final",
        "is_open",
        "is_over",
        "is_running",
        "name",
        "now",
        "ranks",
        "text",
        "to_date",
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
        self.is_over = self.is_open and not self.is_running
        self.final = b"true" if encoder.is_final(window, clock) else b"false"
        self.as_of_fields = encoder.as_of(window, clock)
        self.name, self.text = encoder.window(window)
        self.to_date = windows.to_date.get(window)
        self.ranks: Mapping[int, Ranking | SettledRanking] = {}


class Ranker:
    """Ranks the values of dimensions, window by window; knows the ranks of all windows."""

    def __init__(
        self, encoders: Sequence[KpiEncoder], state: MergeState, evaluator: KpiEvaluator
    ) -> None:
        self._encoders = encoders
        self._levels = state.levels
        self._targets = state.targets
        self._evaluator = evaluator
        self._rankings = Rankings()

    def rank(self, context: WindowContext, affected: MaskByScope) -> MaskByScope:
        """Rank a window's affected KPIs; returns them, and those whose rank has changed.

        The context has the window's rankings then.
        """
        found = {scope: mask for scope, mask in affected.items() if not is_siblings(scope)}
        changes: dict[RankingGroup, dict[str, Number | None]] = {}
        for scope, mask in found.items():
            dimension = dimension_of(scope)
            if dimension in RANKED:
                self._add_numbers(context, dimension, scope, mask, changes)
        ranked = [
            (group, self._rankings.update(context.window, group, numbers, is_lower_better))
            for group, numbers in changes.items()
            for is_lower_better in (self._encoder(group).is_lower_better,)
        ]
        if context.is_over:
            ranked += self._settled(context, affected)
        for group, scopes in ranked:
            bit = 1 << self._encoder(group).rank_index
            for scope in scopes:
                found[scope] = found.get(scope, NO_KPIS) | bit
        context.ranks = self._rankings.of(context.window)
        return found

    def _add_numbers(
        self,
        context: WindowContext,
        dimension: str,
        scope: str,
        mask: KpiMask,
        into: dict[RankingGroup, dict[str, Number | None]],
    ) -> None:
        """Add a dimension value's new numbers to those to rank."""
        nth, is_over = RANKED[dimension], context.is_over
        for encoder in encoders_of(self._encoders, mask):
            if is_over and encoder.steps:
                continue
            group = encoder.rank_index * len(RANKED) + nth
            numbers = into.get(group)
            if numbers is None:
                numbers = into[group] = {}
            numbers[scope] = self._number(context, encoder, scope)

    def _settled(
        self, context: WindowContext, affected: MaskByScope
    ) -> Iterator[tuple[RankingGroup, Iterable[str]]]:
        """Rank the affected levels of a window that is over.

        Such a window has records of some values only, and they are ranked among all.
        """
        masks: dict[str, KpiMask] = {}
        for scope, mask in affected.items():
            dimension = dimension_of(scope)
            if dimension in RANKED:
                masks[dimension] = masks.get(dimension, NO_KPIS) | mask
        for dimension, mask in masks.items():
            for encoder in encoders_of(self._encoders, mask):
                if encoder.steps:
                    group = encoder.rank_index * len(RANKED) + RANKED[dimension]
                    levels, recorded = self._levels_at_end(context, encoder, dimension)
                    lower = encoder.is_lower_better
                    yield (
                        group,
                        self._rankings.settle(context.window, group, levels, recorded, lower),
                    )

    def _levels_at_end(
        self, context: WindowContext, encoder: KpiEncoder, dimension: str
    ) -> tuple[dict[str, Number], list[str]]:
        """A level of all values of a dimension at a window's end; and the recorded ones.

        It has a value from its first step on, or where a target alone makes a record.
        """
        name, measure = encoder.name, encoder.measure
        aimed = {each.scope for each in self._targets.of_dimension(name, dimension)}
        found: dict[str, Number] = {}
        recorded: list[str] = []
        for scope in {*self._levels.siblings(name, dimension), *aimed}:
            level = self._levels.before(name, scope, context.end)
            has_record = "n" in context.now.get(scope, NOTHING).get(name, NO_FACTS) or (
                scope in aimed and self._evaluator.has_target(name, scope, context.window)
            )
            if has_record:
                recorded.append(scope)
            if (has_record or level["n"]) and measure is not None:
                number = encoder.number(measure.value(level))
                if number is not None:
                    found[scope] = number
        return found, recorded

    def _encoder(self, group: RankingGroup) -> KpiEncoder:
        return self._encoders[group // len(RANKED)]

    def _number(self, context: WindowContext, encoder: KpiEncoder, scope: str) -> Number | None:
        """The number to rank a dimension value by."""
        if encoder.measure is None or encoder.steps or not context.is_open:
            return self._evaluator.number(encoder, scope, context.window)
        vector = context.now.get(scope, NOTHING).get(encoder.name)
        if vector:
            return encoder.number(encoder.measure.value(vector))
        if self._targets:
            return self._evaluator.number(encoder, scope, context.window)
        return None


def encoders_of(encoders: Sequence[KpiEncoder], mask: KpiMask) -> Iterator[KpiEncoder]:
    """Encoders of a mask's KPIs."""
    rest: int = mask
    while rest:
        bit = rest & -rest
        rest ^= bit
        yield encoders[bit.bit_length() - 1]
