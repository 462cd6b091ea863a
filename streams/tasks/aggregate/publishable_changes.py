"""What of an aggregator's changes is published with a commit."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.internal_topics import partials, reroutes
from streams.internal_topics.partials import PublishedPartials
from streams.process.failpoint import armed
from streams.tasks.aggregate.commit_plan import Change
from streams.tasks.aggregate.quarantine import attribute_to_shard
from streams.tasks.commit_schedule import values_slot
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.load_control import Load
from streams.tasks.ports import AggregatorPort


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
    ) -> None:
        """`load` is what else the worker has to do."""
        self._aggregator = aggregator
        self._number = number
        self._load = load
        self._failpoint = armed(settings.failpoint)
        # What earlier owners published; None once the difference has been published.
        self._published: PublishedPartials | None = PublishedPartials()
        self._values_slot = 0

    def reconcile_with(self, published: PublishedPartials) -> None:
        """Let the next commit publish all that differs from what is published."""
        self._published = published

    @property
    def are_published(self) -> bool:
        """Whether every change applied so far has been given to be published."""
        return self._published is None and not self._aggregator.has_unpublished

    def may_publish_values(self) -> bool:
        """Whether cells of dimension values may be published: under load in some slots only."""
        is_busy = self._load() is Load.HEAVY
        is_next = values_slot(self._number) != self._values_slot
        return self._published is not None or is_next or not is_busy

    async def collect(self, clock: int, with_values: bool) -> Changes:
        """Apply all pending changes as of an instant; returns what to publish.

        Raises Crashed if a KPI fails.
        """
        aggregator = self._aggregator
        with attribute_to_shard(self._number):
            await run_cooperatively(lambda: aggregator.apply_pending(clock))
            if with_values and aggregator.has_unpublished:
                self._values_slot = values_slot(self._number)
            changed = aggregator.changed_cells(with_values=with_values)
            pending = aggregator.pending_reroutes()
        if self._published is None:
            return Changes(list(changed.items()), pending)
        self._failpoint("during_reconcile")
        known, self._published = self._published, None
        # A torn transaction may have sent reroutes without their event records, or the reverse.
        pending = reroutes.difference(aggregator.current_reroutes(), known.reroutes.sent)
        return Changes(list(partials.difference(aggregator.cells(), known.cells)), pending)
