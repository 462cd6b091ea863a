"""The current alerts after a small sales story, of the events of the KPIs' stories."""

import json
from collections.abc import Mapping
from typing import Any

from streams.config.settings import Settings
from streams.operations.replay import replay_alerts
from tests.kpis.story import (
    NOW,
    Said,
    instant,
)

Alert = Mapping[str, Any]


def current_alerts(*events: Said, now: str = NOW, **options: Any) -> dict[str, Alert]:
    """Give the current alerts at an instant, by key, in UTC and euros by default."""
    settings = Settings(now=instant(now), **options)
    lines = [json.dumps(event).encode() for event in events]
    found = [json.loads(line) for line in replay_alerts(lines, settings)]
    return {f"{alert['kind']}|{alert['subject']}": alert for alert in found}


def kinds(*events: Said, now: str = NOW, **options: Any) -> set[str]:
    """Give the kinds of the current alerts at an instant."""
    return {alert["kind"] for alert in current_alerts(*events, now=now, **options).values()}
