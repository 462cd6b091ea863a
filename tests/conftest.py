"""What every room's tests may ask for."""

from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis import HealthCheck

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from tests.installation.installed import installed

pytest_plugins = ["tests.stuck"]

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

# Rooms whose tests take long each: one that is begun last is waited for by nobody else's.
LONG = ("chaos", "whole", "faults", "demo", "worker", "model", "docs")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; the order is random otherwise."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """One real Kafka for the whole run, as `HOST:PORT`; share it by names of your own."""
    with EmbeddedKafka() as broker:
        yield broker.bootstrap


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """Settings of a fresh installation of two partitions, in June 2026."""
    return await installed(kafka)
