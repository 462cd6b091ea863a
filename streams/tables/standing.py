"""Topics are there when a worker starts, and have to stay: a look at all of them now and then."""

import asyncio
from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.settings import Settings
from streams.tables import topics
from streams.tables.fatal import Fatal
from streams.tables.reading import ends
from streams.tables.transactions import anew

LOOK_SECONDS = 5.0
ANSWER_SECONDS = 10.0
Ends = dict[TopicPartition, int]


async def watch(settings: Settings, known: Callable[[], Ends]) -> None:
    """Go on looking, for ever; `known` says up to where partitions were read or written.

    Raises TopicsMissing when a topic is gone, and Fatal when one was made anew: it ends before
    what is known of it, or before where it has ended, which nothing that is written can do.
    """
    reached: Ends = {}
    while True:
        wanted = {**reached, **known()}
        found = await look(settings)
        for place, end in found.items():
            if end < wanted.get(place, 0):
                raise Fatal(anew(place, wanted[place], end))
        reached |= found
        await asyncio.sleep(LOOK_SECONDS)


async def look(settings: Settings) -> Ends:
    """Give the end of every partition; nothing if Kafka does not answer.

    That is for those to say who read and write. Raises TopicsMissing.
    """
    places = [
        TopicPartition(topic.name, number)
        for topic in topics.wanted(settings)
        for number in range(topic.partitions)
    ]
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await topics.check(settings)
            return await ends(settings, places)
    except topics.TopicsMissing:
        raise
    except (KafkaError, Fatal, TimeoutError):
        return {}
