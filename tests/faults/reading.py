"""Published records, without the fields that depend on when and how often they were written."""

from collections.abc import Mapping
from typing import Any

from streams.config.settings import Settings
from tests.installation.installed import output

VOLATILE = ("revision", "as_of", "updated_at")
Record = dict[str, Any]


async def published(settings: Settings) -> dict[str, Record]:
    """Return the current records of the output."""
    return {key: without(record) for key, record in (await output(settings)).items()}


def without(record: Mapping[str, Any]) -> Record:
    """Remove the revision and the times of computation and writing."""
    return {name: value for name, value in record.items() if name not in VOLATILE}
