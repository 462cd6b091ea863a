"""A read_committed reader that follows a whole run and reports what must never be seen."""

import asyncio
import contextlib
import time
from collections import deque

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.engine.aggregate.retirement.copies import COPY_PREFIX
from streams.internal_topics.progress import NOTHING_PUBLISHED
from streams.kafka import topics
from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.merge.published_index import REVISION_FIELD, REVISION_HEADER
from tests.chaos.early_reports import EarlyReports
from tests.chaos.load import CANARY, CANARY_KEY

POLL_MS = 200
AT_ONCE = 20_000
COPIES = EVENT_PREFIX + COPY_PREFIX
RECONNECT_SECONDS = 0.3
# The markers of one commit reach its partitions one after the other. Much longer, and what
# was published had not been committed; a new owner cannot be there before a session is over.
APART_SECONDS = 3.0
# So long after Kafka was away nothing is said about what was ahead of what.
INTERRUPTED_SECONDS = 15.0
LISTED = 50


class Watcher:
    """Collects violations of what is promised to readers, and when each number last committed.

    - revisions of a key only rise;
    - the count of canaries only rises, and is never ahead of the rows committed;
    - the position of a number, and of a partition of stage 2, only rises;
    - stage 2 publishes nothing that is not committed.
    """

    def __init__(self, settings: Settings) -> None:
        self.violations: list[str] = []
        self.records = 0
        # Of event sets, in the state.
        self.copies = 0
        self.last_progress = time.time()
        # Kills that wait for their number's next commit: number -> [(kind, instant)].
        self.recoveries: list[tuple[str, float]] = []
        self._waiting: dict[int, list[tuple[str, float]]] = {}
        self._settings = settings
        self._partitions = [
            *(TopicPartition(topics.KPIS, n) for n in range(topics.MERGE_PARTITIONS)),
            *(TopicPartition(topics.state(settings), n) for n in range(settings.partitions)),
            TopicPartition(topics.progress(settings), 0),
        ]
        self._at: dict[TopicPartition, int] = dict.fromkeys(self._partitions, 0)
        self._revisions: dict[bytes, int] = {}
        self._canaries: dict[bytes, int] = {}
        # By number: rows committed, and counts that wait to be compared with them.
        self._state_canaries: dict[int, set[bytes]] = {n: set() for n in range(settings.partitions)}
        self._ahead: deque[tuple[float, int, int]] = deque()
        self._positions: dict[tuple[str, str], int] = {}
        self._interrupted_at = 0.0
        self._early_reports = EarlyReports(settings)

    def interrupted(self) -> None:
        """Kafka is away: commits under way may take until it is back."""
        self._interrupted_at = time.monotonic()

    def killed(self, kind: str, numbers: list[int], at: float) -> None:
        """Begin to measure how long these numbers take to commit again."""
        for number in numbers:
            self._waiting.setdefault(number, []).append((kind, at))

    async def run(self) -> None:
        """Read until cancelled, whatever happens to the broker."""
        following = asyncio.create_task(self._early_reports.follow())
        try:
            while True:
                with contextlib.suppress(KafkaError):
                    await self._read()
                await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            following.cancel()

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            fetch_max_wait_ms=POLL_MS,
        )
        try:
            await consumer.start()
            consumer.assign(self._partitions)
            for partition, offset in self._at.items():
                consumer.seek(partition, offset)
            while True:
                found = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
                for partition, records in found.items():
                    self._check_records(partition, records)
                self._check_ahead()
                await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def _check_records(self, partition: TopicPartition, records: list[ConsumerRecord]) -> None:
        if partition.topic == topics.KPIS:
            check = self._check_published
        elif partition.topic == topics.progress(self._settings):
            check = self._check_progress
        else:
            check = self._check_state
        for record in records:
            check(record)
        self._at[partition] = records[-1].offset + 1

    def _check_published(self, record: ConsumerRecord) -> None:
        self.records += 1
        key, value = record.key, record.value
        if value is None:
            revision = next(int(text) for name, text in record.headers if name == REVISION_HEADER)
        else:
            start = value.rindex(REVISION_FIELD) + len(REVISION_FIELD)
            revision = int(value[start : value.index(b",", start)])
        if revision <= self._revisions.get(key, 0):
            self._wrong(f"{key!r}: revision {revision} after {self._revisions[key]}")
        self._revisions[key] = revision
        if value is not None and key.startswith(CANARY_KEY.encode()) and b"|day|" in key:
            count = orjson.loads(value)["parts"]["count"]
            if count < self._canaries.get(key, 0):
                self._wrong(f"{key!r}: {count} canaries after {self._canaries[key]}")
            self._canaries[key] = count
            number = int(key[len(CANARY_KEY) :].partition(b"|")[0])
            self._ahead.append((time.monotonic(), number, count))

    def _check_state(self, record: ConsumerRecord) -> None:
        key = record.key
        if key.startswith(COPIES):
            self.copies += 1
        elif CANARY.encode() in key:
            self._state_canaries[record.partition].add(key)
        elif key == b"p":
            self._rises(f"state of number {record.partition}", orjson.loads(record.value)["source"])

    def _check_progress(self, record: ConsumerRecord) -> None:
        report = orjson.loads(record.value)
        name = record.key.decode()
        stage, _, number = name.partition("/")
        if stage == "merge" and report["partials"] == NOTHING_PUBLISHED:
            return  # a new owner has withdrawn what an earlier one reported, and compares
        if stage == "merge":
            self._rises(name, {"partials": report["partials"]})
            self._early_reports.add(int(number), report["partials"])
            return
        self._rises(name, report["source"])
        waiting = self._waiting.pop(int(number), [])
        now = time.time()
        for kind, at in waiting:
            # The dead cannot have written this: it was made after their end.
            if record.timestamp / 1000 > at:
                self.recoveries.append((kind, now - at))
            else:
                self._waiting.setdefault(int(number), []).append((kind, at))
        self.last_progress = now

    def waits_for(self, numbers: list[int]) -> bool:
        """Whether one of some numbers has not committed since a kill."""
        return not self._waiting.keys().isdisjoint(numbers)

    @property
    def is_waiting(self) -> bool:
        """Whether some number has not committed since a kill."""
        return bool(self._waiting)

    def _rises(self, name: str, position: dict[str, int]) -> None:
        for topic, offset in position.items():
            before = self._positions.get((name, topic), 0)
            if offset < before:
                self._wrong(f"{name}: {topic} at {offset} after {before}")
            self._positions[name, topic] = offset

    def _check_ahead(self) -> None:
        """Compare canaries published some seconds ago with the rows committed by now."""
        now = time.monotonic()
        is_interrupted = self._interrupted_at > now - INTERRUPTED_SECONDS
        for early in self._early_reports.early():
            if not is_interrupted:
                self._wrong(early)
        while self._ahead and self._ahead[0][0] < now - APART_SECONDS:
            _, number, count = self._ahead.popleft()
            rows = len(self._state_canaries[number])
            if count > rows and not is_interrupted:
                self._wrong(
                    f"number {number}: {count} canaries published, rows of {rows} committed"
                )

    def _wrong(self, what: str) -> None:
        if len(self.violations) < LISTED:
            self.violations.append(f"{time.strftime('%H:%M:%S')} {what}")
