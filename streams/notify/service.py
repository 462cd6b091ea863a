"""The process that notifies: reads alerts and reps, and lets alerts and reports be sent."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from msgspec import DecodeError

from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.kafka import topics
from streams.kafka.reader import ends, read_to
from streams.kafka.topics import ALERTS
from streams.kafka.transactional_producer import TransactionalProducer
from streams.notify.clock import now_ms
from streams.notify.core.dispatcher import Dispatcher
from streams.notify.core.message import AnyMessage
from streams.notify.core.reports.desk import ReportDesk
from streams.notify.core.reports.outbox import ReportOutbox
from streams.notify.delivery import Delivery
from streams.notify.metrics import NotifyMetrics
from streams.notify.receivers.receivers import http_session, receivers
from streams.notify.reporting import Reporting, published
from streams.notify.reps import FutureReps, read_reps
from streams.notify.state_records import AnyOutbox, apply, on_its_way, partition, restore
from streams.output.reader import read
from streams.process.cancellation import stopped

log = logging.getLogger(__name__)
# Time has passed: quiet hours end, reps' records come into force.
LONGEST_WAIT_SECONDS = 30.0
# What is being sent when the process is stopped may still be answered.
STOP_SECONDS, STOP_POLL_SECONDS = 5.0, 0.02
NOT_READ = "the alerts that there are have not been read yet"


class NotifyService:
    """Runs the dispatcher on Kafka; made by `notify_service`.

    Attributes:
        not_ready_reason: Why nothing is sent yet; None once all alerts have been read.
    """

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        desk: ReportDesk | None,
        delivery: Delivery,
        metrics: NotifyMetrics,
        clock: Callable[[], int],
    ) -> None:
        self.not_ready_reason: str | None = NOT_READ
        self._settings, self._dispatcher, self._desk = settings, dispatcher, desk
        self._delivery, self._metrics, self._clock = delivery, metrics, clock
        self._future_reps = FutureReps()
        self._changed = asyncio.Event()
        self._unread = {"alerts", "reps"}
        self._sending: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reported: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Notify until cancelled. Raises Fatal after which the process has to end."""
        reading = [
            asyncio.create_task(self._read_alerts(), name="alerts"),
            asyncio.create_task(self._read_reps(), name="reps"),
        ]
        dispatching = asyncio.create_task(self._dispatch(), name="dispatch")
        if self._desk is not None:
            reporting = Reporting(self._settings, self._desk, self._clock, self._deliver_report)
            reading.append(asyncio.create_task(reporting.run(), name="reports"))
        for outbox in self._outboxes():
            if outbox.message is not None:
                self._deliver(outbox, outbox.message, is_kept=True)
        try:
            done, _ = await asyncio.wait(
                {*reading, dispatching, self._failed}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            await stopped(*reading, dispatching)
            self._failed.cancel()
            await self._finish()
            await stopped(*self._sending)

    def _outboxes(self) -> list[AnyOutbox]:
        reports = () if self._desk is None else self._desk.outboxes.values()
        return [*self._dispatcher.outboxes.values(), *reports]

    async def _finish(self) -> None:
        """Let what is being sent be answered, unless that takes long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while self._delivery.unfinished:
                    await asyncio.sleep(STOP_POLL_SECONDS)

    async def _read_alerts(self) -> None:
        async with aclosing(read(self._settings, ALERTS)) as batches:
            async for batch in batches:
                now = self._clock()
                for key, record in batch.records:
                    self._update_alert(key, record, now)
                self._note_read("alerts", bool(batch.records), batch.is_caught_up)

    def _update_alert(self, key: str, record: bytes | None, now: int) -> None:
        try:
            self._dispatcher.update_alert(key, record, now)
        except DecodeError as error:
            log.error("the alert %s cannot be read, and is left out: %s", key, error)

    async def _read_reps(self) -> None:
        async with aclosing(read_reps(self._settings)) as batches:
            async for records, is_caught_up in batches:
                self._future_reps.add(records)
                due = self._future_reps.due(self._clock())
                for record in due:
                    self._dispatcher.update_rep(record, self._clock())
                self._note_read("reps", bool(due), is_caught_up)

    def _note_read(self, what: str, has_changed: bool, is_caught_up: bool) -> None:
        if is_caught_up and what in self._unread:
            self._unread.discard(what)
            if not self._unread:
                self._dispatcher.begin(self._clock())
                self.not_ready_reason = None
            has_changed = True
        if has_changed:
            self._changed.set()

    async def _dispatch(self) -> None:
        """Start the messages that are due, whenever something has changed or time has come."""
        while True:
            self._changed.clear()
            now = self._clock()
            for outbox, message in self._dispatcher.compose(now):
                self._deliver(outbox, message, is_kept=False)
            self._report_unaddressed()
            due_at = self._dispatcher.next_due(now)
            wait_s = LONGEST_WAIT_SECONDS
            if due_at is not None:
                wait_s = min(max(0.01, (due_at - now) / 1000), wait_s)
            await _set_within(self._changed, wait_s)

    def _deliver_report(self, outbox: ReportOutbox) -> None:
        if outbox.message is not None:
            self._deliver(outbox, outbox.message, is_kept=False)

    def _deliver(self, outbox: AnyOutbox, message: AnyMessage, *, is_kept: bool) -> None:
        sending = self._delivery.deliver(outbox, message, is_kept=is_kept)
        task = asyncio.create_task(sending, name=f"to {outbox.recipient.route}")
        self._sending.add(task)
        task.add_done_callback(self._note_delivered)

    def _note_delivered(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)
        self._changed.set()

    def _report_unaddressed(self) -> None:
        unaddressed = self._dispatcher.without_address()
        self._metrics.unaddressed = unaddressed
        for route, rep in sorted(unaddressed - self._reported):
            log.warning("%s has alerts for %s, who is not in [notify.addresses]", route, rep)
        self._reported = unaddressed


async def _set_within(event: asyncio.Event, wait_s: float) -> None:
    """Wait until an event is set, or for some seconds."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({waiting}, timeout=wait_s)
    finally:
        await stopped(waiting)


@asynccontextmanager
async def notify_service(
    settings: Settings,
    rules: NotifyRules,
    metrics: NotifyMetrics,
    clock: Callable[[], int] = now_ms,
    catalogue: Catalogue | None = None,
) -> AsyncIterator[NotifyService]:
    """Make the service, with what was sent restored: no other process notifies any more.

    `catalogue` is needed for reports. Raises BadSetting for a secret that cannot be read,
    TopicsMissing, and Fatal for Kafka.
    """
    await topics.check(settings)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(http_session())
        by_route = receivers(rules, session, clock)
        # Before the state is read: a former process may be writing to it.
        producer = await TransactionalProducer(settings, "notify", 0).fence()
        stack.push_async_callback(producer.close)
        dispatcher = Dispatcher(rules, settings.timezone)
        desk = None if catalogue is None else ReportDesk(rules, published(catalogue))
        metrics.watch(dispatcher.outboxes, {} if desk is None else desk.outboxes)
        delivery = Delivery(settings, producer, by_route, metrics, clock)
        state: dict[bytes, bytes] = {}
        async for _, records in read_to(settings, await ends(settings, [partition(settings)])):
            for record in records:
                apply(state, record)
        changed = restore(dispatcher, desk, state)
        for outbox in [] if desk is None else desk.begin(clock()):
            changed += on_its_way(outbox)
        if changed:
            await delivery.commit(changed)
        yield NotifyService(settings, dispatcher, desk, delivery, metrics, clock)
