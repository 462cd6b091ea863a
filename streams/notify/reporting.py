"""Reporting: composes reports when they are due, from what is published then."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing

from aiokafka.errors import KafkaError
from msgspec import DecodeError

from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import Catalogue
from streams.kafka.errors import Fatal
from streams.notify.core.reports.desk import Due, Published, ReportDesk
from streams.notify.core.reports.figures import Figures
from streams.notify.core.reports.outbox import ReportOutbox
from streams.notify.core.reports.text import Described
from streams.output.reader import read
from streams.wiring.describe import entries

log = logging.getLogger(__name__)
# The machine's clock may be set, and the machine may sleep.
LONGEST_WAIT_SECONDS = 30.0


def published(catalogue: Catalogue) -> Published:
    """Return what reports need to know of a catalogue."""
    found = entries(catalogue)
    return Published(
        calendar=catalogue.calendar,
        kinds={name: entry["kind"] for name, entry in found.items()},
        described={
            name: Described(entry["unit"], entry["better"]) for name, entry in found.items()
        },
    )


class Reporting:
    """Composes what the desk says is due, and has it delivered."""

    def __init__(
        self,
        settings: Settings,
        desk: ReportDesk,
        clock: Callable[[], int],
        deliver: Callable[[ReportOutbox], None],
    ) -> None:
        """`clock` gives the time in milliseconds; `deliver` begins to send what is on its way."""
        self._settings, self._desk, self._clock, self._deliver = settings, desk, clock, deliver

    async def run(self) -> None:
        """Report until cancelled.

        Alerts are not to wait for what only reports need: while `sales.kpis` cannot be read, for
        want of a right on it perhaps, reports stay due.
        """
        while True:
            now = self._clock()
            if due := self._desk.due(now):
                try:
                    await self._report(due)
                except (Fatal, KafkaError) as error:
                    log.error("reports wait: sales.kpis cannot be read: %s", error)
                    await asyncio.sleep(LONGEST_WAIT_SECONDS)
                    continue
            next_at = self._desk.next_at(now)
            wait_s = LONGEST_WAIT_SECONDS
            if next_at is not None:
                wait_s = min(max(0.01, (next_at - self._clock()) / 1000), wait_s)
            await asyncio.sleep(wait_s)

    async def _report(self, due: Sequence[Due]) -> None:
        figures = [Figures(self._desk.asked(each)) for each in due]
        await read_figures(self._settings, figures)
        for each, found in zip(due, figures, strict=True):
            for outbox in self._desk.compose(each, found, self._clock()):
                self._deliver(outbox)


async def read_figures(settings: Settings, figures: Sequence[Figures]) -> None:
    """Read all that is published into the figures; it is needed once a day or a week.

    What is no record is left out. Raises TopicsMissing, and Fatal if Kafka cannot be read.
    """
    async with aclosing(read(settings)) as batches:
        async for batch in batches:
            for key, record in batch.records:
                for each in figures:
                    _update(each, key, record)
            if batch.is_caught_up:
                return


def _update(figures: Figures, key: str, record: bytes | None) -> None:
    try:
        figures.update(key, record)
    except DecodeError as error:
        log.error("the record %s cannot be read, and is left out: %s", key, error)
