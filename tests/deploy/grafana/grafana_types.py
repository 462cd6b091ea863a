"""Grafana's own types of a dashboard, and what they do not know of one."""

from collections.abc import Iterator
from typing import Any

import orjson
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def as_grafana_knows_it(dashboard: dict[str, Any]) -> Any:
    """Read a dashboard into Grafana's types, which know each field, and write it again."""
    register_default_plugins()
    return orjson.loads(JSONEncoder().encode(Dashboard.from_json(dashboard)))


def differences(own: Any, known: Any, where: str = "") -> Iterator[str]:
    """Yield the places where something was lost or changed; defaults may have been added."""
    if isinstance(own, dict) and isinstance(known, dict):
        for name, value in own.items():
            yield from differences(value, known.get(name), f"{where}.{name}")
    elif isinstance(own, list) and isinstance(known, list) and len(own) == len(known):
        for number, (left, right) in enumerate(zip(own, known, strict=True)):
            yield from differences(left, right, f"{where}[{number}]")
    elif own != known:
        yield where
