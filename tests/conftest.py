"""What every room's tests may ask for."""

from collections.abc import Iterator

import pytest

from streams.broker.embedded import EmbeddedKafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """One real Kafka for the whole run, as `HOST:PORT`; share it by names of your own."""
    with EmbeddedKafka() as broker:
        yield broker.bootstrap
