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
    of_broker,
    of_names,
    of_rules,
    of_transactions,
    of_versions,
)
from tests.installation.installed import produce

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
    (found,) = of_rules(Settings(rules=written(tmp_path, "")))
    assert found.is_fine
    assert found.what.endswith("rules.toml is in force")
    assert of_rules(Settings()) == []


async def test_names_that_nobody_has_are_doubted(settings: Settings, tmp_path: Path) -> None:
    ruled = replace(settings, rules=written(tmp_path, RULE))
    await produce(settings, [rep("ann", team="south"), rep("bob", team="north")])
    found = await of_names(ruled)
    assert [finding.what for finding in found] == [
        "rules: 'Own' names rep 'bbo'; crm.rep knows none such",
        "rules: 'South' names team 'sout'; crm.rep knows none such",
    ]
    assert {(finding.is_fine, finding.verdict) for finding in found} == {(True, "look")}


async def test_names_that_somebody_has_are_not(settings: Settings, tmp_path: Path) -> None:
    text = RULE.replace("bbo", "bob").replace("sout", "south")
    await produce(settings, [rep("ann", team="south"), rep("bob")])
    assert await of_names(replace(settings, rules=written(tmp_path, text))) == []
    assert await of_names(settings) == []


async def test_versions_of_kafka_are_judged(settings: Settings) -> None:
    assert (await of_broker(settings)).verdict == "ok"
    known = {24: 5, 35: 4}
    assert of_versions(settings, known).verdict == "ok"
    old = of_versions(settings, known | {24: 3})
    assert (old.verdict, "3.6 or later" in old.advice) == ("WRONG", True)
    losing = of_versions(settings, known | {35: 5})
    assert (losing.verdict, "KAFKA-20734" in losing.advice) == ("look", True)


async def test_a_transaction_left_open_is_named_with_what_ends_it(settings: Settings) -> None:
    now = Settings().clock()
    place = TopicPartition(topics.KPIS, 3)
    start = (await ends(settings, [place]))[place]
    async with opened(settings, place, now - 120_000):
        (found,) = await of_transactions(settings, again_s=0.1)
        assert not found.is_fine
        assert found.what.startswith(f"sales.kpis/3 cannot be read past offset {start}: ")
        assert "open there for 2 min" in found.what
        assert f"--topic sales.kpis --partition 3 --start-offset {start};" in found.advice
        looking = asyncio.create_task(of_transactions(settings, again_s=2.0))
        await asyncio.sleep(1.0)
    assert await looking == []  # for it has ended before it is looked at again


async def test_a_transaction_under_way_is_not_held_to_be_left_open(settings: Settings) -> None:
    place = TopicPartition(topics.KPIS, 3)
    async with opened(settings, place, Settings().clock()):
        assert await of_transactions(settings, again_s=0.0) == []


@contextlib.asynccontextmanager
async def opened(settings: Settings, place: TopicPartition, at: int) -> AsyncIterator[None]:
    """Write a record of a given time in a transaction that is ended when this is left.

    Left open, it would be ended by Kafka in the midst of another test's topics.
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
