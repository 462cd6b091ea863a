"""What of an aggregator's changes is published with a commit."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.catalogue.publish_priority import Priority
from streams.internal_topics import partials, reroutes
from streams.internal_topics.partials import PublishedPartials
from streams.process.failpoint import armed
from streams.tasks.aggregate.commit_plan import Change
from streams.tasks.aggregate.quarantine import attribute_to_shard
from streams.tasks.commit_schedule import commit_slot
from streams.tasks.cooperative import Between, nothing_between, run_cooperatively
from streams.tasks.load_control import Load
from streams.tasks.ports import AggregatorPort

BUSY = (Load.HEAVY, Load.BACKLOG)


class Changes(NamedTuple):
    """The cells and reroutes that a commit publishes."""

    cells: Sequence[Change] = ()
    reroutes: Sequence[Reroute] = ()


class PublishableChanges:
    """Applies what is pending, and reconciles it once with what earlier owners published."""

    def __init__(
        self,
        settings: Settings,
        aggregator: AggregatorPort,
        number: int,
        load: Callable[[], Load],
        kpis: int,
        bring_back: Callable[[], Awaitable[bool]],
    ) -> None:
        """`load` is what else the worker has to do, and `kpis` how many KPIs are counted.

        `bring_back` reads the event sets that changes wait for.
        """
        self._aggregator = aggregator
        self._number = number
        self._load = load
        self._kpis = kpis
        self._bring_back = bring_back
        self._failpoint = armed(settings.failpoint)
        # What earlier owners published; None once the difference has been published.
        self._published: PublishedPartials | None = PublishedPartials()
        # By priority, the slot in which its cells were last published.
        self._slots: dict[Priority, int] = {}

    def reconcile_with(self, published: PublishedPartials) -> None:
        """Let the next commit publish all that differs from what is published."""
        self._published = published

    @property
    def are_published(self) -> bool:
        """Whether every change applied so far has been given to be published."""
        return self._published is None and not self._aggregator.has_unpublished

    def priority(self) -> Priority:
        """The lowest priority of the cells that may be published now: under load not always all."""
        if self._published is not None or self._load() not in BUSY:
            return Priority.LATER
        due = [each for each in Priority if self._slots.get(each) != self._slot(each)]
        return max(due, default=Priority.FIRST)

    async def collect(
        self, clock: int, priority: Priority, between: Between = nothing_between
    ) -> Changes:
        """Apply all pending changes as of an instant; returns what to publish.

        `between` is awaited after each slice of work. Raises Crashed if a KPI fails.
        """
        aggregator = self._aggregator
        with attribute_to_shard(self._number):
            await run_cooperatively(lambda: aggregator.apply_pending(clock), between)
            while await self._bring_back():
                await run_cooperatively(lambda: aggregator.apply_pending(clock), between)
            if aggregator.has_unpublished:
                self._slots |= {each: self._slot(each) for each in Priority if each <= priority}
            changed = aggregator.changed_cells(priority)
            pending = aggregator.pending_reroutes()
        if self._published is None:
            return Changes(list(changed.items()), pending)
        self._failpoint("during_reconcile")
        known, self._published = self._published, None
        # A torn transaction may have sent reroutes without their event records, or the reverse.
        pending = reroutes.difference(aggregator.current_reroutes(), known.reroutes.sent)
        return Changes(list(partials.difference(aggregator.cells(), known.cells)), pending)

    def _slot(self, priority: Priority) -> int:
        return commit_slot(priority, self._number, self._kpis)
