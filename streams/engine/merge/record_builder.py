"""From marks to records: ranks first, then every text that has to be written again."""

from collections.abc import Iterator, Mapping, Sequence

from streams.engine.algebra.log_histogram import Order
from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.dependency_index import Dependents
from streams.engine.merge.evaluator import BoardSight
from streams.engine.merge.record_encoder import (
    Form,
    Reading,
    Records,
    Tail,
)
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.rankings import (
    RANKED,
    Number,
    Ranking,
    Rankings,
)
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowSums

Published = tuple[str, bytes | None, Tail]
NO_TAIL = Tail("")
NOTHING: Grouped = {}
NO_FACTS: Vector = {}
# Orders of buckets: a dozen windows run at a time, and a few KPIs have percentiles.
REMEMBERED = 500


class Page:
    """One window as of one instant: what all of its records have in common."""

    __slots__ = (
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
        "tail",
        "text",
        "window",
    )

    def __init__(
        self, window: Window, clock: int, sums: WindowSums, sight: BoardSight, records: Records
    ) -> None:
        """Look the window up."""
        self.window = window
        self.clock = clock
        self.now = sums.scopes(window)
        self.before = sums.scopes(sums.calendar.preceding(window))
        self.end = sums.calendar.following(window).start
        self.is_running = sight.is_running(window)
        # Of rolling windows only those that end with today have records.
        self.is_open = self.is_running or window.kind not in ROLLING_DAYS
        self.final = b"true" if records.is_final(window, clock) else b"false"
        self.tail = records.as_of(window, clock)
        self.name, self.text = records.window(window)
        self.changes: dict[int, dict[str, Number | None]] = {}
        self.ranks: Mapping[int, Ranking] = {}


class Rendering:
    """Writes the records of one window at a time; KPIs are bits, in their order."""

    def __init__(
        self,
        kpis: Sequence[Kpi | Derived],
        shown: Mapping[str, int],
        records: Records,
        sight: BoardSight,
        sums: WindowSums,
        levels: Levels,
        targets: Targets,
        dependents: Dependents,
    ) -> None:
        """Take what is written, `shown` by dimension, and where it is read."""
        self._forms = [records.form(kpi, place) for place, kpi in enumerate(kpis)]
        self._shown = shown
        self._records = records
        self._sight = sight
        self._sums = sums
        self._levels = levels
        self._targets = targets
        self._dependents = dependents
        self._rankings = Rankings()
        self._orders: dict[tuple[Window, str], Order] = {}

    def reached(
        self, window: Window, scopes: Mapping[str, int], put_off: int
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Give the KPIs that may have another record in a window after these changed, by scope.

        They are the KPIs themselves and those derived from them; apart, those to put off.
        """
        found: dict[str, int] = {}
        later: dict[str, int] = {}
        for scope, mask in scopes.items():
            reached = mask | self._dependents.of(mask, window.kind)
            reached &= self._shown[scope.partition("=")[0]]
            if reached & put_off:
                later[scope] = reached & put_off
                reached &= ~put_off
            if reached:
                found[scope] = reached
        return found, later

    def page(
        self, window: Window, reached: Mapping[str, int], clock: int
    ) -> tuple[Page, dict[str, int]]:
        """Give a window, and which of its records to write by scope after these KPIs changed.

        They are those `reached`, and those whose rank is another for it. Each must come by here
        once, and before anything is written.
        """
        page = Page(window, clock, self._sums, self._sight, self._records)
        found = dict(reached)
        for scope, mask in reached.items():
            dimension = scope.partition("=")[0]
            if dimension in RANKED:
                self._take_part(page, dimension, scope, mask)
        for group, numbers in page.changes.items():
            own = group // len(RANKED)
            is_lower_better = self._forms[own].is_lower_better
            for scope in self._rankings.put(window, group, numbers, is_lower_better):
                found[scope] = found.get(scope, 0) | 1 << own
        page.ranks = self._rankings.of(window)
        return page, found

    def of(self, mask: int) -> Iterator[Form]:
        """Give the KPIs of a mask."""
        forms = self._forms
        while mask:
            bit = mask & -mask
            mask ^= bit
            yield forms[bit.bit_length() - 1]

    def written(self, page: Page, scope: str, mask: int) -> Iterator[Published]:
        """Write a scope's records; None in place of a text: the record is gone."""
        dimension = scope.partition("=")[0]
        is_ranked = dimension in RANKED
        where = f"|{scope or 'all'}|{page.name}"
        for form in self.of(mask):
            key = form.name + where
            reading = self._reading(page, form, scope)
            if reading is None:
                yield key, None, NO_TAIL
                continue
            rank = b"null"
            if is_ranked and reading[0] is not None:
                ranking = page.ranks[form.place * len(RANKED) + RANKED[dimension]]
                rank = b"%d" % ranking.rank(scope, form.is_lower_better)
            plan = self._targets.of(form.name, scope, page.window) if self._targets else None
            body = self._records.body(form, scope, page.text, reading, rank, plan, page.final)
            tail = page.tail
            if plan is not None:
                tail = self._records.tail(form, page.window, reading[0], plan, page.clock)
            yield key, body, tail

    def _reading(self, page: Page, form: Form, scope: str) -> Reading | None:
        """Read a KPI and its `previous`; the usual ways are spelled out, for there are many."""
        name, measure = form.name, form.measure
        if measure is None or not page.is_open:
            return self._sight.reading(form, scope, page.window)
        own = page.now.get(scope, NOTHING).get(name)
        if not form.steps:
            if not own:
                return self._sight.reading(form, scope, page.window) if self._targets else None
            before = page.before.get(scope, NOTHING).get(name, NO_FACTS)
        else:
            if not (self._levels.is_known(name, scope) if page.is_running else own and "n" in own):
                return self._sight.reading(form, scope, page.window) if self._targets else None
            own = self._levels.before(name, scope, page.end)
            before = self._levels.before(name, scope, page.window.start)
        number, value = form.number, measure.value
        return (
            number(value(own)),
            number(value(before)),
            measure.parts(own),
            measure.percentiles and measure.percentiles(own, self._order(page, name, scope)),
        )

    def _order(self, page: Page, name: str, scope: str) -> Order:
        """Give the order of a vector's buckets: of everything one that is kept."""
        if scope or not page.is_running:
            return Order()
        place = page.window, name
        found = self._orders.get(place)
        if found is None:
            if len(self._orders) >= REMEMBERED:
                self._orders.clear()
            found = self._orders[place] = Order()
        return found

    def _take_part(self, page: Page, dimension: str, scope: str, mask: int) -> None:
        """Note what a member comes to in every KPI."""
        own = page.now.get(scope, NOTHING)
        changes, nth = page.changes, RANKED[dimension]
        for form in self.of(mask):
            number: Number | None
            if form.measure is None or form.steps or not page.is_open:
                number = self._sight.number(form, scope, page.window)
            else:
                vector = own.get(form.name)
                if vector:
                    number = form.number(form.measure.value(vector))
                elif self._targets:
                    number = self._sight.number(form, scope, page.window)
                else:
                    number = None
            group = form.place * len(RANKED) + nth
            numbers = changes.get(group)
            if numbers is None:
                numbers = changes[group] = {}
            numbers[scope] = number
