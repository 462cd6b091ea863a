"""The Faust app that translates the inbox: what `sales-kpis translate` runs.

Several may run: they share the partitions of the inbox, as the group `<app>-translate`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, cast

from aiokafka.errors import KafkaError
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.agents.batches import FetchSchema
from streams.agents.faust_app import FaustApp, exit_process, follow_group, options
from streams.agents.log_filters import set_up_logging
from streams.agents.main import exit_if_failed, no_kafka, run_app
from streams.agents.transport import Consumer, Transport
from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.translation.inbox_task import InboxTask
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translator
from streams.translation.writer import Writer
from streams.worker.background_tasks import BackgroundTasks
from streams.worker.reading_watch import Reading, watch_reading
from streams.worker.rebalance_watch import REBALANCE_LIMIT_SECONDS, RebalanceWatch

POLL_RECORDS = 500
WATCH_SECONDS = 1.0
# What runs beside the agent on its event loop, given the metrics and the reason, if any, for
# which nothing is translated yet.
SideTask = Callable[[TranslationMetrics, Callable[[], str | None]], Coroutine[Any, Any, None]]


class TranslateApp(FaustApp):
    """The Faust app with the agent `translate`.

    Attributes:
        inbox: Translates what is received.
    """

    inbox: InboxTask

    def __init__(self, name: str, settings: Settings, inbox: InboxTask, **options: Any) -> None:
        self.inbox = inbox
        self._settings = settings
        self.rebalance_watch = RebalanceWatch()
        self._background = BackgroundTasks(exit_process)
        super().__init__(name, **options)

    async def on_start(self) -> None:
        """Start to watch that the group is joined, and to commit."""
        await super().on_start()
        self.rebalance_watch.begin("the group to be joined")
        self._background.add(asyncio.create_task(self._watch(), name="watch"))
        self._background.add(asyncio.create_task(self.inbox.keep_committing(), name="commits"))
        reading = Reading(
            lambda: self.inbox.partitions,
            lambda tps: cast(Consumer, self.consumer).positions(tps),
            lambda: self.inbox.received_at,
            lambda: self.inbox.is_busy,
        )
        watching = watch_reading(self._settings, reading)
        self._background.add(asyncio.create_task(watching, name="reading watch"))

    def on_rebalance_start(self) -> None:
        """Note the rebalance before anything is waited for."""
        self.rebalance_watch.begin("the group to assign partitions")
        super().on_rebalance_start()

    async def close(self) -> None:
        """Commit what was written, and end what runs beside the agent."""
        await self.inbox.revoked()
        await self._background.stop()

    async def _watch(self) -> None:
        """Check that rebalances end; raises Stuck."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            consumer = cast(Consumer, self.consumer)
            if consumer.is_joining():
                self.rebalance_watch.begin("the client to begin to join the group")
            self.rebalance_watch.raise_if_stuck(REBALANCE_LIMIT_SECONDS)


def create_translate_app(settings: Settings, inbox: InboxTask) -> TranslateApp:
    """Create the app with its agent, which passes all it receives to `inbox`."""
    app = TranslateApp(
        topics.translate_group(settings), settings, inbox, **options(settings, POLL_RECORDS)
    )
    # The client itself begins at the committed offsets.
    app.transport = Transport(app.conf.broker_consumer, app, settings, lambda _: True)

    async def translate(stream: Any) -> None:
        try:
            async for fetched in stream.noack():
                await inbox.receive(fetched)
        except Exception as error:  # noqa: BLE001 - Faust would restart the agent and go on
            exit_process(error)

    topic = app.topic(topics.INBOX, schema=FetchSchema(), acks=False)
    app.agent(topic, name="translate", concurrency=1)(translate)

    def assigned(partitions: set[TP]) -> None:
        inbox.assigned(cast(Consumer, app.consumer), partitions)
        app.rebalance_watch.complete()

    follow_group(app, inbox.revoked, assigned, app.close)
    return app


def run_translate(
    settings: Settings, translator: Translator, side_task: SideTask | None = None
) -> None:
    """Translate the inbox in this process until it is stopped by a signal (SIGTERM, SIGINT).

    It creates nothing in Kafka: without its topics it ends and names the command to run. If
    `side_task` fails, it ends too.
    """
    set_up_logging(settings.log)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    stack = AsyncExitStack()
    try:
        writer = loop.run_until_complete(stack.enter_async_context(Writer.open(settings)))
    except (Fatal, KafkaError) as error:
        exit_process(error if isinstance(error, Fatal) else no_kafka(settings, error))
    metrics = TranslationMetrics(CollectorRegistry(), translator.sources)
    inbox = InboxTask(settings, translator, writer.write, metrics)
    app = create_translate_app(settings, inbox)
    if side_task is not None:
        task = loop.create_task(side_task(metrics, lambda: inbox.not_ready_reason), name="side")
        task.add_done_callback(exit_if_failed)
    run_app(app, loop)
