"""What every room's tests may ask for."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from streams.broker.embedded import EmbeddedKafka

pytest_plugins = ["tests.stuck"]

# Shared machines are slow at times: what counts is what is found, not how fast. More examples:
# `make test ARGS="tests/laws --hypothesis-profile=thorough --stuck-after 0"`, or 500 of each
# family of KPIs against the oracle: `make oracle`.
settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    max_examples=25,
)
settings.register_profile("families", settings.get_profile("default"), max_examples=500)
settings.register_profile("many", settings.get_profile("default"), max_examples=500)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=1500)
settings.load_profile("default")

# Rooms whose tests take long each: one that is begun last is waited for by nobody else's.
LONG = ("chaos", "whole", "faults", "demo", "agents", "model", "docs")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; the order is random otherwise."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """One real Kafka for the whole run, as `HOST:PORT`; share it by names of your own."""
    with EmbeddedKafka() as broker:
        yield broker.bootstrap
