"""What the code does to Kafka comes in the order that the model plays."""

import itertools
from collections.abc import Collection, Mapping
from typing import Any, Self

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.kafka import topics
from streams.kafka.record_batches import Record
from streams.kafka.transactional_producer import (
    TransactionalProducer,
    Writes,
)
from streams.tasks.aggregate import task as aggregate_task
from streams.tasks.aggregate.snapshots import reader as snapshot_reader
from streams.tasks.merge import output_writer, publication_reports
from streams.tasks.merge import task as merge_task
from tests.installation.installed import (
    event,
    installed,
    produce,
    produce_bytes,
)
from tests.installation.tasks import hands
from tests.model.steps import (
    COMMIT,
    PUBLISH,
    START_AGGREGATE,
    START_MERGE,
    WITHDRAW,
    Step,
)

ROWS = {b"g": Step.TARGET_OFFSETS, b"r": Step.EVENTS, b"p": Step.SOURCE_OFFSETS}
TOPICS = {
    topics.PARTIALS: Step.PARTIALS,
    topics.DEAD_LETTERS: Step.DEAD_LETTERS,
    topics.KPIS: Step.PUBLISH,
}


class Trace:
    """Writes down what owners do; they go on doing it to a real Kafka."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen in from now on."""
        self.steps: list[Step] = []
        self._settings = settings
        note, written = self.steps.append, self._written

        class Traced(TransactionalProducer):
            async def fence(self) -> Self:
                note(Step.FENCE)
                return await super().fence()

            async def begin(self, partitions: Collection[TopicPartition] = ()) -> None:
                note(Step.BEGIN)
                await super().begin(partitions)

            async def send(self, writes: Writes) -> dict[TopicPartition, int]:
                listed = {to: list(pairs) for to, pairs in writes.items()}
                written(listed)
                last = await super().send(listed)
                note(Step.ACKNOWLEDGED)
                return last

            async def commit(self) -> None:
                note(Step.END)
                await super().commit()

        for owner in (aggregate_task, merge_task):
            monkeypatch.setattr(owner, "TransactionalProducer", Traced)
        for reader in (snapshot_reader, merge_task, output_writer, partials):
            self._trace_reading(reader, monkeypatch)

    def taken(self) -> list[Step]:
        """Give what was done since the last time, repetitions left out."""
        steps = [step for step, _ in itertools.groupby(self.steps)]
        self.steps.clear()
        return steps

    def _trace_reading(self, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        read_to = module.read_to
        names = {
            topics.PARTIALS: Step.READ_PARTIALS,
            topics.KPIS: Step.READ_OUTPUT,
            topics.state(self._settings): Step.READ_STATE,
        }

        def traced(settings: Settings, stops: Mapping[TopicPartition, int], *starts: Any) -> Any:
            self.steps += {names[partition.topic] for partition in stops}
            return read_to(settings, stops, *starts)

        monkeypatch.setattr(module, "read_to", traced)

    def _written(self, writes: Mapping[TopicPartition, list[Record]]) -> None:
        for to, records in writes.items():
            self.steps += [self._kind(to, record[0], record[1]) for record in records]

    def _kind(self, to: TopicPartition, key: bytes, value: bytes | None) -> Step:
        if to.topic == topics.state(self._settings):
            return ROWS[key[:1]]
        if to.topic == topics.reroutes(self._settings):
            return Step.FORWARD_REMOVALS if value is None else Step.FORWARDS
        return TOPICS.get(to.topic, Step.PROGRESS_REPORT)


async def test_commits_of_both_stages_come_in_the_order_of_the_model(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = await installed(kafka)
    await produce(settings, [event(number) for number in range(20)])
    await produce_bytes(settings, "crm.lead", b"poison")
    # Half of these are for the other shard, and half come from there.
    await produce(settings, [event(number, "call.ended") for number in range(20)], shift=1)
    async with hands(settings) as own:
        await own.read(await own.shard(1))
    trace = Trace(settings, monkeypatch)
    monkeypatch.setattr(aggregate_task, "BUSY_PROGRESS_SECONDS", -1.0)
    monkeypatch.setattr(publication_reports, "PROGRESS_SECONDS", -1.0)
    monkeypatch.setattr(publication_reports, "BUSY_PROGRESS_SECONDS", -1.0)
    async with hands(settings) as own:
        owner = await own.shard()
        assert tuple(trace.taken()[: len(START_AGGREGATE)]) == START_AGGREGATE
        await own.read(owner)
        assert tuple(trace.taken()) == COMMIT
        found = []
        for number in range(topics.MERGE_PARTITIONS):
            await own.board(number)
            found.append(tuple(trace.taken()))
        # Most of them have nothing to publish.
        assert START_MERGE + WITHDRAW + PUBLISH in found
        assert {steps[: len(START_MERGE)] for steps in found} == {START_MERGE}
