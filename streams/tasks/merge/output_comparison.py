"""The comparison of what a merge task found in the output with what it has restored."""

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from math import inf

from streams.tasks.cooperative import Between, run_cooperatively
from streams.tasks.ports import MergerPort

# Keys that a merger is given in one step: about half a millisecond.
KEYS_PER_STEP = 500
log = logging.getLogger(__name__)


class OutputComparison:
    """The keys of published records that are not compared yet, which only rounds do.

    A restored task is ready before it has compared everything: rounds give all that it has, in
    the order of their priorities. A record that it does not have is in no round, unless its key
    is `rest`, which the merger is asked for: that is due when nothing else waits, or under load
    after `limit_s`. Seconds are of the monotonic clock.
    """

    def __init__(self, name: str, limit_s: float) -> None:
        """`name` is the task's in the log."""
        self._name = name
        self._limit_s = limit_s
        self._keys: set[str] = set()
        self._began = 0.0
        self._rest_at = inf

    def __len__(self) -> int:
        """Number of published records that are not compared yet."""
        return len(self._keys)

    def begin(self, keys: Collection[str]) -> None:
        """Let the records under these keys be compared."""
        self._keys = set(keys)
        self._began = time.monotonic()
        self._rest_at = self._began + self._limit_s
        log.info("%s compares %d published records with what it has", self._name, len(keys))

    def compared(self, keys: Iterable[str]) -> None:
        """Note what a round has given."""
        if self._keys:
            self._keys.difference_update(keys)
            if not self._keys:
                took_s = time.monotonic() - self._began
                log.info("%s has compared all published records, in %.1f s", self._name, took_s)

    def is_rest_due(self, pending: int) -> bool:
        """Whether to ask for the rest; `pending` is how much waits for rounds."""
        return bool(self._keys) and (
            time.monotonic() >= self._rest_at or (self._rest_at < inf and not pending)
        )

    def pop_rest(self) -> list[str]:
        """The keys that no round has given; to be asked for once."""
        self._rest_at = inf
        return list(self._keys)


async def reconcile(merger: MergerPort, keys: Sequence[str], between: Between) -> list[str]:
    """Let a merger's next rounds have published keys; returns those under which it has nothing.

    `between` is awaited after each slice of work.
    """
    impossible: list[str] = []
    parts = (keys[at : at + KEYS_PER_STEP] for at in range(0, len(keys), KEYS_PER_STEP))

    def reconcile_part() -> bool:
        part = next(parts, None)
        if part is not None:
            impossible.extend(merger.reconcile(part))
        return part is not None

    await run_cooperatively(reconcile_part, between)
    return impossible
