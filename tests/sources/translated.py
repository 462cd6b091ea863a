"""What a source's own requests become: events, and the KPIs that follow from them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from streams.config.settings import Settings
from streams.operations.replay import replay
from streams.sources.delivery import Delivery
from streams.sources.loading import sources
from streams.sources.mapping import Translation, translate
from streams.sources.source import Source
from tests.kpis.story import instant

KEY = b"the key of a test installation"
# 2026-11-18T11:06:40Z
RECEIVED = 1_795_000_000_000
NOW = "2026-12-31T12:00:00Z"


@cache
def shipped(folder: Path | None = None) -> Mapping[str, Source]:
    """The sources of the package, with a folder laid over them."""
    return sources(folder)


def delivery(source: str, body: object, **fields: Any) -> Delivery:
    """A request: a body of bytes, or of what is to be JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual: dict[str, Any] = {"label": "", "query": {}, "headers": {}, "received": RECEIVED}
    return Delivery(source=source, body=content, **(usual | fields))


def outcome(source: str, body: object, **fields: Any) -> Translation:
    """Translate one request of a shipped source."""
    return translate(shipped()[source], delivery(source, body, **fields), KEY)


def translated(source: str, deliveries: Iterable[Delivery | bytes]) -> list[bytes]:
    """The events of some requests, none of which may be unmapped."""
    events: list[bytes] = []
    for each in deliveries:
        given = each if isinstance(each, Delivery) else delivery(source, each)
        found = translate(shipped()[source], given, KEY)
        assert not found.unmapped, found.unmapped
        events += found.events
    return events


def kpis(events: Iterable[bytes | Mapping[str, Any]], now: str = NOW) -> dict[str, Any]:
    """The records of sales.kpis after some events, by key, without when they were made."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
    settings = Settings(now=instant(now), timezone="UTC", currency="EUR")
    records = [json.loads(record) for record in replay(lines, settings)]
    return {_key(record): _lasting(record) for record in records}


def _key(record: Mapping[str, Any]) -> str:
    scope = [f"{name}={value}" for name, value in record["scope"].items()] or ["all"]
    return "|".join([record["kpi"], *scope, record["window"], record["start"]])


def _lasting(record: Mapping[str, Any]) -> dict[str, Any]:
    passing = ("revision", "as_of", "updated_at")
    return {name: value for name, value in record.items() if name not in passing}
