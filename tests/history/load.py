"""A load of records, and what a history has to hold after it, by a slow and plain model."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.kafka.topics import ALERTS, CATALOGUE, KPIS, MERGE_PARTITIONS, OUTPUTS
from tests.history.published import alert, kpi
from tests.installation.installed import await_readable

START = datetime(2026, 3, 1, tzinfo=UTC)
TRANSACTION_RECORDS = 50
TOMBSTONES, NEW_DAYS = 0.1, 0.02


@dataclass
class Load:
    """Changes of a few hundred keys, from a seed; `expected` follows them one by one."""

    seed: int
    records: int
    # The records of a key by day: the last one is the newest.
    expected: dict[str, dict[str, bytes]] = field(default_factory=dict)
    alerts: dict[str, bytes] = field(default_factory=dict)
    ended: int = 0

    def __post_init__(self) -> None:
        """Begin on the first of March."""
        self._random = random.Random(self.seed)
        self._now = START
        self._revision = self._sent = 0

    async def send(self, settings: Settings, count: int | None = None) -> None:
        """Write the next records in transactions, as the merge and aggregate tasks do; or all.

        Returns once whoever reads what is committed has all of them.
        """
        last = self.records if count is None else min(self._sent + count, self.records)
        async with AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap,
            transactional_id=f"load-{self.seed}",
            compression_type="lz4",
        ) as producer:
            while self._sent < last:
                async with producer.transaction():
                    for _ in range(min(TRANSACTION_RECORDS, last - self._sent)):
                        topic, key, record, partition = self._change(settings.partitions)
                        await producer.send(topic, record, key.encode(), partition)
        await await_readable(settings, *OUTPUTS)

    def _change(self, partitions: int) -> tuple[str, str, bytes | None, int]:
        number, self._sent = self._sent, self._sent + 1
        if number % 500 == 0:
            return CATALOGUE, f"kpi-{number}", b'{"kind":"count"}', 0
        if self._random.random() < NEW_DAYS:
            self._now += timedelta(hours=6)
        is_tombstone = self._random.random() < TOMBSTONES
        which = self._random.randrange(300)
        if which % 5 == 0:
            key, record = alert(f"lead-{which}")
            return ALERTS, key, self._alert(key, record, is_tombstone), which % partitions
        return KPIS, *self._kpi(which, is_tombstone), which % MERGE_PARTITIONS

    def _alert(self, key: str, record: bytes, is_tombstone: bool) -> bytes | None:
        if is_tombstone:
            self.ended += self.alerts.pop(key, None) is not None
            return None
        self.alerts[key] = record
        return record

    def _kpi(self, which: int, is_tombstone: bool) -> tuple[str, bytes | None]:
        self._revision += 1
        window = ("month", "week", "day")[which % 3]
        key, record = kpi(
            self._revision,
            self._now.isoformat(),
            scope=f"rep=r{which}",
            window=window,
            revision=self._revision,
        )
        if is_tombstone:
            self.expected.pop(key, None)
            return key, None
        # Only months and weeks have a past: a day ends with itself.
        days = self.expected.setdefault(key, {}) if window != "day" else {}
        day = (self._now - timedelta(milliseconds=1)).date().isoformat()
        days.pop(day, None)
        self.expected[key] = {**days, day: record}
        return key, record

    @property
    def newest(self) -> list[bytes]:
        """The records that are current, sorted by key."""
        return [list(days.values())[-1] for _, days in sorted(self.expected.items())]

    @property
    def trail(self) -> list[tuple[str, str, str]]:
        """Key, day and record of all earlier days."""
        return sorted(
            (key, day, record.decode())
            for key, days in self.expected.items()
            for day, record in list(days.items())[:-1]
        )
