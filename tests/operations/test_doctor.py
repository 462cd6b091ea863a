"""What `doctor` says of the rules file, of Kafka's version and of transactions left open."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from aiokafka import AIOKafkaProducer, TopicPartition
from click.testing import CliRunner

from streams.cli import main
from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.operations.doctor import (
    check_broker,
    check_compaction,
    check_partitions,
    check_rules,
    check_topics,
    check_versions,
)
from streams.operations.findings import check_transactions
from streams.operations.names import check_names
from streams.operations.senders import newest_records
from tests.installation.changed_topics import change_topic
from tests.installation.installed import event, eventually, produce, produce_bytes

RULE = """
[[commission]]
name = "Own"
kpi = "revenue_won"
window = "month"
rate = 0.1
reps = ["ann", "bbo"]

[[commission]]
name = "South"
kpi = "revenue_won"
window = "month"
rate = 0.1
scope = { team = "sout" }
splits = { ann = 1 }
"""


def written(folder: Path, text: str) -> Path:
    """Write a rules file."""
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_bad_rules_are_reported_with_their_line_among_all_else(tmp_path: Path) -> None:
    file = written(tmp_path, '\n[definitions]\nwin = "best"\n')
    variables = {"SALES_KPIS_RULES": str(file), "SALES_KPIS_BOOTSTRAP": "nowhere"}
    done = CliRunner().invoke(main, ["doctor"], env=variables)
    assert done.exit_code == 1
    assert 'WRONG rules: rules.toml line 3: definitions.win is "best"' in done.output
    assert "bootstrap 'nowhere' is not HOST:PORT" in done.output


def test_rules_in_force_are_named(tmp_path: Path) -> None:
    (found,) = check_rules(Settings(rules=written(tmp_path, "")))
    assert found.is_fine
    assert found.what.endswith("rules.toml is in force")
    assert check_rules(Settings()) == []


async def test_names_that_are_unknown_are_reported(settings: Settings, tmp_path: Path) -> None:
    ruled = replace(settings, rules=written(tmp_path, RULE))
    await produce(settings, [rep("ann", team="south"), rep("bob", team="north")])
    found = await check_names(ruled)
    assert [finding.what for finding in found] == [
        "rules: 'Own' names rep 'bbo', unknown in crm.rep",
        "rules: 'South' names team 'sout', unknown in crm.rep",
    ]
    assert {(finding.is_fine, finding.verdict) for finding in found} == {(True, "look")}


async def test_names_of_receivers_and_of_who_may_look_are_checked(
    settings: Settings, tmp_path: Path
) -> None:
    text = (
        '[notify.mail]\nhost = "mail"\nfrom = "kpis@example.com"\n'
        '[notify.addresses]\nann = "ann@example.com"\neve = "eve@example.com"\n'
        '[[notify.route]]\nname = "chat"\nslack_url_file = "f"\nteams = ["south", "nrth"]\n'
        '[[notify.report]]\nname = "monday"\nslack_url_file = "f"\nscope = "team=suoth"\n'
        'kpis = ["deal_count"]\nevery = { at = "08:00" }\n'
        '[[page.access]]\ntoken_file = "f"\nsees = { rep = ["ann", "an"], team = "south" }\n'
    )
    await produce(settings, [rep("ann", team="south")])
    found = await check_names(replace(settings, rules=written(tmp_path, text)))
    assert [finding.what.removeprefix("rules: ") for finding in found] == [
        "notify.route 'chat' names team 'nrth', unknown in crm.rep",
        "notify.report 'monday' names team 'suoth', unknown in crm.rep",
        "notify.addresses names rep 'eve', unknown in crm.rep",
        "page.access 1 names rep 'an', unknown in crm.rep",
    ]


async def test_names_that_are_known_are_not_reported(settings: Settings, tmp_path: Path) -> None:
    text = RULE.replace("bbo", "bob").replace("sout", "south")
    await produce(settings, [rep("ann", team="south"), rep("bob")])
    assert await check_names(replace(settings, rules=written(tmp_path, text))) == []
    assert await check_names(settings) == []


async def test_wrong_number_of_partitions_has_advice_that_corrects_it(settings: Settings) -> None:
    wrong = replace(settings, partitions=settings.partitions + 1)
    (found,) = [finding async for finding in check_topics(wrong)]
    assert found.verdict == "WRONG"
    assert "set SALES_KPIS_PARTITIONS to what it has" in found.what
    assert "run `sales-kpis topics apply`" not in found.advice


async def test_versions_of_kafka_are_checked(settings: Settings) -> None:
    assert (await check_broker(settings)).verdict == "ok"
    known = {24: 5, 35: 4}
    assert check_versions(settings, known).verdict == "ok"
    old = check_versions(settings, known | {24: 3})
    assert (old.verdict, "3.6 or later" in old.advice) == ("WRONG", True)
    losing = check_versions(settings, known | {35: 5})
    assert (losing.verdict, "KAFKA-20734" in losing.advice) == ("look", True)


async def test_transaction_left_open_is_reported_with_the_command_that_ends_it(
    settings: Settings,
) -> None:
    now = Settings().clock()
    place = TopicPartition(topics.KPIS, 3)
    start = (await ends(settings, [place]))[place]
    async with opened(settings, place, now - 120_000):
        (found,) = await check_transactions(settings, recheck_s=0.1)
        assert not found.is_fine
        assert found.what.startswith(f"sales.kpis/3 cannot be read past offset {start}: ")
        assert "open there for 2 min" in found.what
        assert f"--topic sales.kpis --partition 3 --start-offset {start};" in found.advice
        checking = asyncio.create_task(check_transactions(settings, recheck_s=2.0))
        await asyncio.sleep(1.0)
    assert await checking == []  # it has ended before the second check


async def test_compacted_topic_of_events_is_reported(settings: Settings) -> None:
    assert await check_compaction(settings) == []
    await change_topic(settings, "crm.deal", {"cleanup.policy": "compact"})

    async def is_reported() -> bool:
        return bool(await check_compaction(settings))

    await eventually(is_reported)
    (found,) = await check_compaction(settings)
    assert (found.verdict, found.what.startswith("crm.deal is compacted")) == ("WRONG", True)


async def test_transaction_in_progress_is_not_reported(settings: Settings) -> None:
    place = TopicPartition(topics.KPIS, 3)
    async with opened(settings, place, Settings().clock()):
        assert await check_transactions(settings, recheck_s=0.0) == []


async def test_events_in_other_partitions_are_counted_with_their_producers_remedy(
    settings: Settings,
) -> None:
    assert check_partitions(settings, await newest_records(settings)).verdict == "ok"
    await produce(settings, [event(number) for number in range(7)])
    await produce_bytes(settings, "crm.lead", b"no event")
    assert check_partitions(settings, await newest_records(settings)).verdict == "ok"
    await produce(settings, [event(number, "call.ended") for number in range(3)], shift=1)
    found = check_partitions(settings, await newest_records(settings))
    assert found.verdict == "look"
    assert found.what.endswith("subjects': 3 of crm.call among the newest 10")
    assert "partitioner=murmur2_random" in found.advice


@contextlib.asynccontextmanager
async def opened(settings: Settings, place: TopicPartition, at: int) -> AsyncIterator[None]:
    """Write a record with this timestamp in a transaction that is aborted after the block.

    Left open, it would be ended by Kafka during another test.
    """
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id=settings.app)
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(
            place.topic, b"{}", key=b"k", partition=place.partition, timestamp_ms=at
        )
        yield
    finally:
        await producer.abort_transaction()
        await producer.stop()


def rep(name: str, **groups: str) -> dict[str, str]:
    """Make a rep."""
    at = "2026-02-01T00:00:00Z"
    return {"type": "rep.set", "id": f"set-{name}", "at": at, "rep": name, **groups}
