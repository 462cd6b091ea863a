"""What every room's tests may ask for."""

import asyncio
import gc
from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.kafka.reader import ends
from streams.kafka.topics import all_partitions, apply
from tests.installation.installed import installed

pytest_plugins = ["tests.stuck", "tests.distribution"]

# Shared machines are slow at times: what counts is what is found, not how fast. More examples:
# `make test ARGS="tests/laws --hypothesis-profile=thorough --stuck-after 0"`, or 500 of each
# family of KPIs against the oracle: `make oracle`.
hypothesis.settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    max_examples=25,
)
hypothesis.settings.register_profile(
    "families", hypothesis.settings.get_profile("default"), max_examples=500
)
hypothesis.settings.register_profile(
    "many", hypothesis.settings.get_profile("default"), max_examples=500
)
hypothesis.settings.register_profile(
    "thorough", hypothesis.settings.get_profile("default"), max_examples=1500
)
hypothesis.settings.load_profile("default")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave all that has been collected out of the collections of garbage to come: it stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """One real Kafka for all tests of a process, as `HOST:PORT`; share it by names of your own."""
    with EmbeddedKafka() as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def default_kafka() -> Iterator[EmbeddedKafka]:
    """One more for the whole run, with the topics of an installation of default settings.

    Its tests write arbitrary events and invented records; some end it and start it again. All of
    them run in one process: see `tests.distribution`.
    """
    with EmbeddedKafka() as broker:
        asyncio.run(create_topics(Settings(bootstrap=broker.bootstrap)))
        yield broker


async def create_topics(settings: Settings) -> None:
    """Create all topics, and wait until each partition answers: that takes seconds at times."""
    await apply(settings)
    await ends(settings, all_partitions(settings))


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """Settings of a fresh installation of two partitions, in June 2026."""
    return await installed(kafka)
