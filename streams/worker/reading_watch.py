"""Whether records that can be read are read, and how many cannot be: open transactions."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition
from faust.types import TP

from streams.config.settings import Settings
from streams.kafka.errors import Fatal, Stuck
from streams.kafka.reader import OffsetClient

log = logging.getLogger(__name__)
CHECK_SECONDS = 5.0
ANSWER_SECONDS = 10.0
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


@dataclass(frozen=True)
class Reading:
    """How far a process has come with what it reads as a member of a group.

    Attributes:
        partitions: Those of which records are to be delivered now.
        positions: The offsets from which the client goes on, of those that it has begun.
        received_at: When records last came, in monotonic seconds.
        is_busy: Whether what was received is being processed, and no more is read meanwhile.
    """

    partitions: Callable[[], Collection[TP]]
    positions: Callable[[Collection[TP]], Mapping[TP, int]]
    received_at: Callable[[], float]
    is_busy: Callable[[], bool]


async def watch_reading(settings: Settings, reading: Reading) -> None:
    """Check without end that what can be read is read; raises Stuck.

    Where partitions end is asked of Kafka: a client that is stuck knows the end of its last fetch.
    """
    watch, offsets = ReadingWatch(), OffsetClient(settings)
    try:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            is_readable = await has_unread(offsets, reading) and not reading.is_busy()
            watch.check(is_readable, reading.received_at(), time.monotonic())
    finally:
        await offsets.close()


async def has_unread(offsets: OffsetClient, reading: Reading) -> bool:
    """Return whether there are records that the client could have read and has not.

    Not if Kafka does not answer: those that read and write report that.
    """
    partitions = set(reading.partitions())
    asked = [TopicPartition(*each) for each in partitions]  # the client takes no other type
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            stops = await offsets.ends(asked, committed=True)
            firsts = await offsets.beginnings(asked)
    except (Fatal, TimeoutError):
        await offsets.close()
        return False
    if partitions != set(reading.partitions()):
        return False  # the group has changed
    reached = reading.positions(partitions)
    return any(stop > max(firsts[at], reached.get(TP(*at), 0)) for at, stop in stops.items())


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
