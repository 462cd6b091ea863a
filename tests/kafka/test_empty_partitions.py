"""Partitions of which nothing is to be read."""

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka.reader import read_to

PLACE = TopicPartition("crm.lead", 0)


@pytest.mark.parametrize("start", [0, 7])
async def test_reading_what_is_empty_needs_no_client(start: int) -> None:
    nowhere = Settings(bootstrap="127.0.0.1:1")
    assert [found async for found in read_to(nowhere, {PLACE: start}, {PLACE: start})] == []
