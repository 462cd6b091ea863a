"""Fixtures of the tests of the page: topics on a real Kafka, where a test asks for them."""

from tests.output.conftest import kafka, settings, writer

__all__ = ["kafka", "settings", "writer"]
