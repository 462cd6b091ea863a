"""Fixtures of the tests of readers: topics on a real Kafka and a writer of `sales.kpis`."""

from collections.abc import AsyncIterator
from itertools import count
from uuid import uuid4

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from tests.output.writing import Writer, writing

_names = count()


@pytest.fixture
def kafka(default_kafka: EmbeddedKafka) -> str:
    """A real Kafka to whose `sales.kpis` invented records may be written."""
    return default_kafka.bootstrap


@pytest.fixture
def rep() -> str:
    """A rep that no other test uses."""
    return f"rep-{next(_names)}-{uuid4().hex[:6]}"


@pytest.fixture
def settings(kafka: str) -> Settings:
    """Settings of an installation whose topics exist."""
    return Settings(bootstrap=kafka)


@pytest.fixture
async def writer(settings: Settings) -> AsyncIterator[Writer]:
    """A writer of `sales.kpis`."""
    async with writing(settings) as made:
        yield made


@pytest.fixture
def stories() -> list[bytes]:
    """A few sales, as events: two wins, a lead answered at once, an open deal."""
    return [
        b'{"id":"1","type":"deal.changed","at":"2026-03-02T09:15:00+00:00","subject":"d1",'
        b'"deal":"d1","status":"won","amount":"200.00","currency":"EUR","rep":"ann"}',
        b'{"id":"1","type":"deal.changed","at":"2026-03-03T09:15:00+00:00","subject":"d2",'
        b'"deal":"d2","status":"won","amount":"400.00","currency":"EUR","rep":"bob"}',
        b'{"id":"1","type":"lead.created","at":"2026-03-04T08:00:00+00:00","subject":"L1",'
        b'"rep":"ann","channel":"web"}',
        b'{"id":"2","type":"call.ended","at":"2026-03-04T08:00:30+00:00","subject":"L1",'
        b'"rep":"ann","direction":"outbound","outcome":"connected"}',
        b'{"id":"3","type":"deal.changed","at":"2026-03-04T08:30:00+00:00","subject":"L1",'
        b'"deal":"d3","status":"open","stage":"proposal","amount":"1000.00","currency":"EUR"}',
        b'{"id":"1","type":"deal.changed","at":"2026-03-04T07:00:00+00:00","subject":"d4",'
        b'"deal":"d4","status":"lost","reason":"price","rep":"ann"}',
    ]
