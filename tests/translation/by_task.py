"""Translates what waits in the inbox in this process: for tests of what becomes of it afterwards.

What the process around the task does is tested in `test_translate`.
"""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.operations.sources.backlog import PARTITIONS
from streams.translation.inbox_task import InboxTask
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translator
from streams.translation.writer import Writer
from tests.installation.installed import lists


class OnlyMember:
    """The consumer of a group of one, which has assigned itself the whole inbox."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit, as the group of the processes that translate."""
        await self._consumer.commit({TopicPartition(*tp): at for tp, at in offsets.items()})

    async def committed_offset(self, tp: TP) -> int | None:
        """Ask Kafka."""
        found: int | None = await self._consumer.committed(TopicPartition(*tp))
        return found

    def last_stable_offset(self, tp: TP) -> int | None:  # noqa: ARG002 - of InboxConsumer
        """Know no end: nothing is fetched with this consumer."""
        return None


async def translate_all(settings: Settings) -> None:
    """Translate all that is in the inbox, write it and commit."""
    translator = Translator.of(settings)
    metrics = TranslationMetrics(CollectorRegistry(), translator.sources)
    stops = await ends(settings, PARTITIONS)
    waiting = await lists(settings, dict.fromkeys(PARTITIONS, 0), stops)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        group_id=topics.translate_group(settings),
        enable_auto_commit=False,
    )
    consumer.assign(PARTITIONS)
    await consumer.start()
    try:
        async with Writer.open(settings) as writer:
            task = InboxTask(settings, translator, writer.write, metrics)
            task.assigned(OnlyMember(consumer), [TP(*at) for at in PARTITIONS])
            await task.receive({TP(each.topic, each.partition): each for each in waiting})
            await task.commit()
    finally:
        await consumer.stop()
