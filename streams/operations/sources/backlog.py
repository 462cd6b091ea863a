"""How many deliveries of the inbox are not translated yet, by the committed offsets."""

import asyncio

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.consumer_group import committed_offsets
from streams.kafka.reader import beginnings, ends

PARTITIONS = [TopicPartition(topics.INBOX, number) for number in range(topics.INBOX_PARTITIONS)]
POLL_SECONDS = 0.2
Offsets = dict[TopicPartition, int]


async def backlog(settings: Settings, stops: Offsets | None = None) -> int:
    """Return how many deliveries wait to be translated.

    `stops` are the offsets up to which they count; None: the current ends. Raises
    GroupAuthorizationFailedError without the right to describe the group, unless the inbox is
    empty.
    """
    stops = await inbox_ends(settings) if stops is None else stops
    firsts = await beginnings(settings, PARTITIONS)
    if not any(firsts[at] < stop for at, stop in stops.items()):
        return 0
    done = await committed_offsets(settings, topics.translate_group(settings))
    return sum(max(0, stop - max(firsts[at], done.get(at, 0))) for at, stop in stops.items())


async def await_translated(settings: Settings, timeout_s: float) -> int:
    """Wait until every delivery that is in the inbox now is translated; return what is not."""
    stops, clock = await inbox_ends(settings), asyncio.get_running_loop().time
    until = clock() + timeout_s
    while (left := await backlog(settings, stops)) and clock() < until:
        await asyncio.sleep(POLL_SECONDS)
    return left


async def inbox_ends(settings: Settings) -> Offsets:
    """Return the end of each partition of the inbox."""
    return await ends(settings, PARTITIONS, committed=True)
