"""One process's translation of fetched deliveries, without a Kafka."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord
from aiokafka.errors import CommitFailedError
from faust.types import TP
from prometheus_client import CollectorRegistry, generate_latest

from streams.config.settings import Settings
from streams.internal_topics.inbox import InboxKeys, encode
from streams.kafka.errors import Fatal
from streams.kafka.fetched_list import FetchedList
from streams.kafka.topics import DEAD_LETTERS, INBOX
from streams.sources.delivery import Delivery
from streams.translation.inbox_task import InboxTask
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translator
from streams.translation.writer import Write
from tests.translation.acme import change, delivery, with_mapping

AT = TP(INBOX, 3)


@dataclass
class Group:
    """The consumer of a group of one, with what it has committed."""

    committed: dict[TP, int] = field(default_factory=dict)
    end: int = 100
    has_changed: bool = False

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit, unless the group has changed."""
        if self.has_changed:
            raise CommitFailedError
        self.committed.update(offsets)

    async def committed_offset(self, tp: TP) -> int | None:
        """Give what was committed."""
        return self.committed.get(tp)

    def last_stable_offset(self, tp: TP) -> int | None:  # noqa: ARG002 - of InboxConsumer
        """Give the same end for all."""
        return self.end


@dataclass
class Translation:
    """A task that has been assigned one partition, and what it has written."""

    task: InboxTask
    group: Group
    registry: CollectorRegistry
    written: list[Write]

    def metrics(self) -> list[str]:
        """Return the lines of its metrics."""
        return generate_latest(self.registry).decode().splitlines()


@pytest.fixture
def translation(tmp_path: Path) -> Translation:
    """A task of the CRM of the tests."""
    used = with_mapping(Settings(), tmp_path / "sources")
    translator = Translator.of(used)
    written: list[Write] = []

    async def write(writes: Iterable[Write]) -> None:
        written.extend(writes)

    registry, group = CollectorRegistry(), Group()
    metrics = TranslationMetrics(registry, translator.sources)
    task = InboxTask(used, translator, write, metrics)
    task.assigned(group, [AT])
    return Translation(task, group, registry, written)


def fetched(first: int, *sent: Delivery, start: int | None = None) -> dict[TP, FetchedList]:
    """Give deliveries as a fetch from an offset on has them."""
    records = []
    for offset, each in enumerate(sent, first):
        value, headers = encode(each, "", InboxKeys())
        records.append(ConsumerRecord(INBOX, 3, offset, 0, 0, None, value, None, 0, 0, headers))
    begin = first if start is None else start
    return {AT: FetchedList(AT, records, begin, first + len(sent))}


async def test_offsets_are_committed_once_what_was_translated_is_written(
    translation: Translation,
) -> None:
    await translation.task.receive(fetched(0, delivery([change(1)]), delivery([change(2)])))
    assert translation.group.committed == {}
    assert len(translation.written) == 2
    await translation.task.commit()
    assert translation.group.committed == {AT: 2}


async def test_nothing_is_committed_of_what_could_not_be_written(
    translation: Translation,
) -> None:
    async def fail(_: Iterable[Write]) -> None:
        raise Fatal("Kafka is away")

    translation.task._write = fail
    with pytest.raises(Fatal):
        await translation.task.receive(fetched(0, delivery([change(1)])))
    await translation.task.commit()
    assert translation.group.committed == {}


async def test_change_of_the_group_before_a_commit_ends_nothing(translation: Translation) -> None:
    translation.group.has_changed = True
    await translation.task.receive(fetched(0, delivery([change(1)])))
    await translation.task.commit()
    translation.group.has_changed = False
    await translation.task.commit()
    assert translation.group.committed == {AT: 1}


async def test_deliveries_that_were_deleted_unread_are_counted(translation: Translation) -> None:
    translation.group.committed[AT] = 10
    await translation.task.receive(fetched(17, delivery([change(1)])))
    assert "sales_kpis_inbox_deleted_total 7.0" in translation.metrics()


async def test_first_owner_of_a_partition_misses_nothing(translation: Translation) -> None:
    await translation.task.receive(fetched(17, delivery([change(1)])))
    assert "sales_kpis_inbox_deleted_total 0.0" in translation.metrics()


async def test_hole_between_two_fetches_ends_the_process(translation: Translation) -> None:
    await translation.task.receive(fetched(0, delivery([change(1)])))
    with pytest.raises(Fatal, match="1 to 2 were not delivered"):
        await translation.task.receive(fetched(2, delivery([change(2)])))


async def test_offsets_without_records_are_no_hole(translation: Translation) -> None:
    await translation.task.receive(fetched(0, delivery([change(1)])))
    await translation.task.receive({AT: FetchedList(AT, (), 1, 5)})
    await translation.task.receive(fetched(5, delivery([change(2)])))
    await translation.task.commit()
    assert translation.group.committed == {AT: 6}


async def test_fetch_of_a_partition_that_was_revoked_is_left_to_its_owner(
    translation: Translation,
) -> None:
    translation.task.assigned(translation.group, [TP(INBOX, 4)])
    await translation.task.receive(fetched(0, delivery([change(1)])))
    assert translation.written == []


async def test_lag_is_what_is_not_translated(translation: Translation) -> None:
    await translation.task.receive(fetched(0, *[delivery([change(n)]) for n in range(30)]))
    assert translation.task.lags() == {AT: 70}


async def test_items_are_counted_by_source_and_outcome(translation: Translation) -> None:
    changes = [
        change(1),
        change(2, stage="odd"),
        {"kind": "unknown"},
        {"kind": "thin", "number": 7},
    ]
    await translation.task.receive(fetched(0, delivery(changes)))
    counted = {
        line for line in translation.metrics() if 'source="acme"' in line and "_created" not in line
    }
    assert counted == {
        'sales_kpis_translated_deliveries_total{source="acme"} 1.0',
        'sales_kpis_translated_events_total{source="acme"} 1.0',
        'sales_kpis_unmapped_items_total{source="acme"} 1.0',
        'sales_kpis_ignored_items_total{source="acme"} 1.0',
        'sales_kpis_requested_reads_total{source="acme"} 1.0',
    }


async def test_source_that_nobody_knows_is_no_label_of_metrics(translation: Translation) -> None:
    await translation.task.receive(fetched(0, delivery([], source="nemo")))
    assert 'sales_kpis_unmapped_items_total{source="unknown"} 1.0' in translation.metrics()
    assert "nemo" not in "".join(translation.metrics())


async def test_mapping_that_fails_is_a_dead_letter_without_what_it_failed_on(
    translation: Translation, caplog: pytest.LogCaptureFixture
) -> None:
    translator = translation.task._translator
    source = replace(translator.sources["acme"], events=(None,))  # type: ignore[arg-type]  # fails
    translation.task._translator = replace(translator, sources={"acme": source})
    await translation.task.receive(fetched(0, delivery([change(1, owner="Ann Example")])))
    (letter,) = translation.written
    assert letter.to.topic == DEAD_LETTERS
    assert b"AttributeError" in (letter.value or b"")
    assert b"Ann" not in (letter.value or b"")
    assert "Ann" not in caplog.text
