"""Delivery: a message is kept, sent until it is answered, and its receipt is kept."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from typing import assert_never

from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.transactional_producer import TransactionalProducer
from streams.notify.core.message import AnyMessage, Message
from streams.notify.core.reports.outbox import ReportOutbox
from streams.notify.metrics import NotifyMetrics
from streams.notify.pauses import REFUSED_MS, pause_ms
from streams.notify.receivers.outcome import Accepted, Outcome, Refused, Unanswered
from streams.notify.receivers.receivers import Receiver
from streams.notify.state_records import AnyOutbox, StateRecord, on_its_way, partition, receipt
from streams.process.failpoint import armed

log = logging.getLogger(__name__)
# Of one route at once: a slow receiver is not flooded, and others do not wait for it.
CONCURRENT = 4


class Delivery:
    """Sends messages; what was sent survives a kill at every step.

    The order: the message is committed to Kafka under its id, sent, and its receipt committed.
    Killed before the receipt, the next process sends the same message under the same id.

    Attributes:
        unfinished: How many messages are being sent or kept now, and not waiting for their time.
    """

    def __init__(
        self,
        settings: Settings,
        producer: TransactionalProducer,
        receivers: Mapping[str, Receiver],
        metrics: NotifyMetrics,
        clock: Callable[[], int],
    ) -> None:
        """`producer` is fenced; `clock` gives the time in milliseconds."""
        self._producer, self._receivers = producer, receivers
        self._metrics, self._clock = metrics, clock
        self._partition = partition(settings)
        self._pass = armed(settings.failpoint)
        self._writing = asyncio.Lock()
        self.unfinished = 0
        self._places = {route: asyncio.Semaphore(CONCURRENT) for route in receivers}

    async def commit(self, records: list[StateRecord]) -> None:
        """Keep records, all of them or none. Raises Fatal, Fenced if another process notifies."""
        async with self._writing:
            await self._producer.begin([self._partition])
            await self._producer.send({self._partition: records})
            if self._partition.topic in self._producer.batches.set_aside:
                raise Fatal(
                    f"{self._partition.topic} accepts no record of this size; nothing is sent"
                )
            await self._producer.commit()

    async def deliver(self, outbox: AnyOutbox, message: AnyMessage, *, is_kept: bool) -> None:
        """Keep a message unless it `is_kept`, send it until it is answered, keep the answer."""
        if not is_kept:
            self._pass("before_message")
            await self.commit(on_its_way(outbox))
            self._pass("after_message")
        attempt = 0
        while outbox.message is message:
            await asyncio.sleep(max(0, outbox.retry_at - self._clock()) / 1000)
            attempt += 1
            self.unfinished += 1
            try:
                outcome = await self._attempt(outbox, message)
                await self._note(outbox, outcome, attempt)
            finally:
                self.unfinished -= 1

    async def _attempt(self, outbox: AnyOutbox, message: AnyMessage) -> Outcome:
        async with self._places[outbox.recipient.route]:
            try:
                return await self._receivers[outbox.recipient.route].send(outbox.recipient, message)
            except BadSetting as error:
                return Refused(str(error))

    async def _note(self, outbox: AnyOutbox, outcome: Outcome, attempt: int) -> None:
        now, recipient = self._clock(), outbox.recipient
        match outcome:
            case Accepted():
                self._pass("after_answer")
                message = outbox.accepted(now)
                await self.commit(receipt(outbox, message))
                self._pass("after_receipt")
                self._metrics.set_aside.discard(recipient)
                self._metrics.attempted(recipient.route, "accepted")
                if isinstance(message, Message):
                    self._metrics.accepted(recipient.route, len(message.changes))
            case Refused(reason):
                self._metrics.set_aside.add(recipient)
                self._metrics.attempted(recipient.route, "refused")
                log.error(
                    "%s is set aside: %s; it is tried again in an hour, and at the next start",
                    recipient,
                    reason,
                )
                if outbox.refused(now + REFUSED_MS):
                    await self.commit(on_its_way(outbox))
                log_given_up(outbox)
            case Unanswered(reason, after_ms, is_uncertain):
                self._metrics.attempted(recipient.route, "unanswered")
                pause = pause_ms(attempt, after_ms, random.random())  # noqa: S311 - spreads retries
                log.warning("%s: %s; again in %.0f s", recipient, reason, pause / 1000)
                outbox.unanswered(now + pause, is_uncertain=is_uncertain)
                log_given_up(outbox)
            case _:
                assert_never(outcome)


def log_given_up(outbox: AnyOutbox) -> None:
    """Log a report that was not accepted, and is not to be sent again."""
    if isinstance(outbox, ReportOutbox) and outbox.message is None:
        log.error("%s: given up, for the next report is due by then", outbox.recipient)
