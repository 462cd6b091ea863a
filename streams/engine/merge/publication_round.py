"""One round of publishing: batches of complete records, until the round's work is done."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.record_builder import Publication, RecordBuilder
from streams.engine.merge.state.kpi_index import (
    NO_KPIS,
    KpiMask,
    MaskByScope,
    lowest,
)
from streams.engine.merge.state.priorities import ALL_KPIS
from streams.engine.merge.window_context import WindowContext
from streams.engine.merge.work_queue import (
    NEVER,
    NO_WORK,
    Epochs,
    WindowWork,
    WorkQueue,
)

UNLIMITED: Final = 1 << 62


class PublicationRound:
    """The records of a round's work, in batches.

    A batch is complete: nothing that happens later changes it. A round that is `returned` to the
    queue gives no more batches, and its work comes in a later round.
    """

    def __init__(
        self, work: Sequence[WindowWork], clock: int, builder: RecordBuilder, queue: WorkQueue
    ) -> None:
        self._work = deque(work)
        self._clock = clock
        self._builder = builder
        self._queue = queue
        self._context: WindowContext | None = None
        self._priority, self._epochs = Priority.FIRST, NO_WORK
        # Of the window of the context, ranked and not written yet: first what an earlier round has
        # left, so that it is done however many rounds end early, and what has changed.
        self._left: deque[tuple[str, KpiMask]] = deque()
        self._unwritten: deque[tuple[str, KpiMask]] = deque()

    def __len__(self) -> int:
        """Number of windows of a scope whose records are not in a batch yet."""
        own = len(self._left) + len(self._unwritten)
        return own + sum(len(work.changed) + len(work.rewrite) for work in self._work)

    def next_batch(self, limit: int | None = None) -> list[Publication]:
        """The next records, at most `limit` (None: all); none once the round is over."""
        batch: list[Publication] = []
        most = UNLIMITED if limit is None else limit
        while (room := most - len(batch)) > 0:
            waiting = self._left or self._unwritten
            if not waiting:
                if not self._work:
                    break
                self._begin(self._work.popleft())
                continue
            scope, mask = waiting.popleft()
            if mask.bit_count() > room:
                rest = mask
                mask = lowest(mask, room)
                waiting.appendleft((scope, rest ^ mask))
            if self._context is not None:
                self._builder.add_records(self._context, scope, mask, batch)
        return batch

    def oldest_epoch(self, limit: int) -> int:
        """The oldest epoch that has work here which is not in a batch yet, or `limit`."""
        # What has changed and was left as well is among what was left.
        left = min(self._epochs) if self._left else limit
        unwritten = self._epochs.changed if self._unwritten else limit
        return min([limit, left, unwritten, *(min(work.epochs) for work in self._work)])

    def return_work(self) -> None:
        """Return what is not in a batch yet to the queue, for the state is about to change."""
        if self._context is not None:
            # Ranks are up to date: these only have to be written.
            window, changed_in = self._context.window, self._epochs.changed
            left, changed = dict(self._left), dict(self._unwritten)
            epochs = Epochs(changed_in, min(self._epochs))
            if not left:
                left, changed, epochs = changed, {}, Epochs(NEVER, changed_in)
            self._queue.add_window(WindowWork(window, changed, left, self._priority, epochs))
        for work in self._work:
            self._queue.add_window(work)
        self._work.clear()
        self._left.clear()
        self._unwritten.clear()

    def _begin(self, work: WindowWork) -> None:
        """Read what has changed in a window, and find the records to write."""
        window, self._priority, self._epochs = work.window, work.priority, work.epochs
        affected, later = self._builder.affected(window, work.changed, work.priority)
        self._context, scopes = self._builder.window_context(window, affected, self._clock)
        if work.priority is not Priority.LATER:
            # A rank changes with the values of others, far more often than its own.
            ranked = _others(scopes, affected)
            epochs = Epochs(work.epochs.changed, work.epochs.changed)
            self._queue.add_window(WindowWork(window, later, ranked, Priority.LATER, epochs))
        self._left.extend(work.rewrite.items())
        _others(scopes, {scope: ~mask for scope, mask in work.rewrite.items()}, ALL_KPIS)
        self._unwritten.extend((scope, mask) for scope, mask in scopes.items() if mask)


def _others(scopes: MaskByScope, own: MaskByScope, default: KpiMask = NO_KPIS) -> MaskByScope:
    """Remove and return all KPIs of a window but some; `default` are those of other scopes."""
    removed: MaskByScope = {}
    for scope, mask in scopes.items():
        kept = mask & own.get(scope, default)
        if other := mask ^ kept:
            removed[scope], scopes[scope] = other, kept
    return removed
