"""One round of publishing: batches of complete records, until the round's work is done."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from streams.engine.merge.record_builder import Publication, RecordBuilder
from streams.engine.merge.state.kpi_index import (
    KpiMask,
    MaskByWindow,
    lowest,
)
from streams.engine.merge.window_context import WindowContext
from streams.engine.merge.work_queue import (
    WindowWork,
    WorkQueue,
    join,
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
        # Of the window of the context: ranked already, and not written yet.
        self._unwritten: deque[tuple[str, KpiMask]] = deque()

    def __len__(self) -> int:
        """Number of windows of a scope whose records are not in a batch yet."""
        return len(self._unwritten) + sum(
            len(work.changed) + len(work.rewrite) for work in self._work
        )

    def next_batch(self, limit: int | None = None) -> list[Publication]:
        """The next records, at most `limit` (None: all); none once the round is over."""
        batch: list[Publication] = []
        most = UNLIMITED if limit is None else limit
        while (room := most - len(batch)) > 0:
            if not self._unwritten:
                if not self._work:
                    break
                self._begin(self._work.popleft())
                continue
            scope, mask = self._unwritten.popleft()
            if mask.bit_count() > room:
                rest = mask
                mask = lowest(mask, room)
                self._unwritten.appendleft((scope, rest ^ mask))
            if self._context is not None:
                self._builder.add_records(self._context, scope, mask, batch)
        return batch

    def return_work(self) -> None:
        """Return what is not in a batch yet to the queue, for the state is about to change."""
        changed: MaskByWindow = {work.window: work.changed for work in self._work if work.changed}
        rewrite: MaskByWindow = {work.window: work.rewrite for work in self._work if work.rewrite}
        if self._context is not None and self._unwritten:
            # Ranks are up to date: these only have to be written.
            join(rewrite.setdefault(self._context.window, {}), dict(self._unwritten))
        self._work.clear()
        self._unwritten.clear()
        self._queue.add(changed, rewrite)

    def _begin(self, work: WindowWork) -> None:
        """Read what has changed in a window, and find the records to write."""
        affected, later = self._builder.affected(work.window, work.changed, work.deferred)
        self._queue.defer(work.window, later)
        self._context, scopes = self._builder.window_context(work.window, affected, self._clock)
        join(scopes, work.rewrite)
        self._unwritten.extend(scopes.items())
