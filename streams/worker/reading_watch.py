"""Whether records that can be read are read, and how many cannot be: open transactions."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.kafka.errors import Stuck

log = logging.getLogger(__name__)
# Without records for this long while there are some to read, the client is stuck.
UNREAD_SECONDS = 60.0
# A producer's transaction usually ends within moments; one that is open longer is logged.
HELD_BACK_SECONDS = 10.0


class ReadingWatch:
    """Since when there have been records to read of which none came; monotonic seconds."""

    def __init__(self) -> None:
        self._readable_since: float | None = None

    def check(self, is_readable: bool, received_at: float, now: float) -> None:
        """Raise Stuck if nothing came for UNREAD_SECONDS although something can be read."""
        if not is_readable:
            self._readable_since = None
            return
        if self._readable_since is None:
            self._readable_since = now
        idle_s = now - max(received_at, self._readable_since)
        if idle_s > UNREAD_SECONDS:
            raise Stuck(f"nothing was read for {idle_s:.0f} s although there is something to read")


@dataclass
class _Open:
    """An open transaction: where it begins, since when, and whether it is logged."""

    offset: int
    since: float
    is_logged: bool = False


class HeldBackRecords:
    """Records behind open transactions; logs each such transaction once, and its end."""

    def __init__(self) -> None:
        self._open: dict[TopicPartition, _Open] = {}

    def update(
        self, ends: Mapping[TopicPartition, tuple[int, int]], now: float
    ) -> dict[TopicPartition, int]:
        """Return how many offsets are held back, by partition.

        `ends` has the offset before which all can be read, and that after the last record.
        """
        held = {tp: end - stable for tp, (stable, end) in ends.items() if stable < end}
        for tp in [tp for tp in self._open if tp not in held]:
            if self._open.pop(tp).is_logged:
                log.info("%s/%d can be read again", tp.topic, tp.partition)
        for tp, count in held.items():
            stable = ends[tp][0]
            known = self._open.get(tp)
            if known is None or known.offset != stable:
                known = self._open[tp] = _Open(stable, now)
            if now - known.since > HELD_BACK_SECONDS and not known.is_logged:
                known.is_logged = True
                log.warning(
                    "%s/%d cannot be read past offset %d: a producer's transaction has been open"
                    " there for %.0f s, and %d offsets wait for its end",
                    *(tp.topic, tp.partition, stable, now - known.since, count),
                )
        return held
