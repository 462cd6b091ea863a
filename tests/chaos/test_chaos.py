"""A small plan in every test run: `make chaos` and `make chaos-long` are the same with more."""

import logging
from pathlib import Path

import pytest

from tests.chaos.plan import tiny
from tests.chaos.run import run

SEED = 20260302


async def test_nothing_is_lost_and_nothing_counted_twice_whatever_breaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="aiokafka")  # Kafka is away on purpose
    plan = tiny(SEED)
    report = await run(plan, tmp_path)
    assert (report["wrong"], report["waits"]) == ([], [])
    assert report["events of librdkafka's default partitioner"] > plan.events / 20
    assert report["events of signed webhooks"] > plan.events / 3
    assert report["faults"]["gateways killed"] == plan.gateways
    assert report["faults"]["translators killed"] == plan.translators
    assert report["faults"]["workers killed"] >= plan.killed
    assert report["faults"]["zombies"] == plan.zombies
    assert report["faults"]["brokers killed"] == plan.brokers
    assert report["transactions of a sender"] > 0
    assert report["dead letters"] == report["poisoned records"] >= 5
    assert report["records of the oracle"] == report["records compared"] > 0
