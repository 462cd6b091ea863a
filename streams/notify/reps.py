"""The reps' teams and time zones, from `crm.rep`, as their time comes."""

import asyncio
from collections.abc import AsyncGenerator

from aiokafka import TopicPartition

from streams.config.setting_kinds import zone_complaint
from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import RepSet
from streams.events.formats.kafka_records import decode_record
from streams.kafka.reader import POLL_MS, ends, reader

PARTITION = TopicPartition(RepSet.topic, 0)


async def read_reps(settings: Settings) -> AsyncGenerator[tuple[list[RepSet], bool], None]:
    """Yield the records of reps as they come, and whether all that were there at first are read.

    What is no such record is left out, as the workers do, which report it. Raises Fatal if Kafka
    cannot be read.
    """
    stop = (await ends(settings, [PARTITION], committed=True))[PARTITION]
    async with reader(settings) as consumer:
        consumer.assign([PARTITION])
        first = await consumer.beginning_offsets([PARTITION])
        consumer.seek(PARTITION, first[PARTITION])
        while True:
            found = await consumer.getmany(timeout_ms=POLL_MS)
            await asyncio.sleep(0)
            decoded = (
                decode_record(record.value, record.headers)
                for records in found.values()
                for record in records
            )
            reps = [each for each in decoded if isinstance(each, RepSet) and has_zone(each)]
            yield reps, await consumer.position(PARTITION) >= stop


def has_zone(record: RepSet) -> bool:
    """Whether the zone of a record exists, if it names one."""
    return not isinstance(record.timezone, str) or zone_complaint(record.timezone) is None


class FutureReps:
    """Records of reps whose time has not come."""

    def __init__(self) -> None:
        self._waiting: list[RepSet] = []

    def add(self, records: list[RepSet]) -> None:
        """Add records, of any time."""
        self._waiting += records

    def due(self, at: int) -> list[RepSet]:
        """Remove and return the records whose time has come, in milliseconds."""
        due = [record for record in self._waiting if milliseconds(record.at) <= at]
        if due:
            self._waiting = [each for each in self._waiting if milliseconds(each.at) > at]
        return due
