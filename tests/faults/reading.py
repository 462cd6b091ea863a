"""What is published, without what depends on when and how often it was written."""

from collections.abc import Mapping
from typing import Any

from streams.config.settings import Settings
from tests.installation.installed import output

ASIDE = ("revision", "as_of", "updated_at")
Said = dict[str, Any]


async def published(settings: Settings) -> dict[str, Said]:
    """Give what stands in the output."""
    return {key: without(record) for key, record in (await output(settings)).items()}


def without(record: Mapping[str, Any]) -> Said:
    """Leave out which record of its key it is, and when it was worked out and written."""
    return {name: value for name, value in record.items() if name not in ASIDE}
