"""Which alerts stand after a small sales story; its events are those of the KPIs' stories."""

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


def standing(*events: Said, now: str = NOW, **options: Any) -> dict[str, Alert]:
    """Give the alerts that stand at an instant, by key, in UTC and euros by default."""
    settings = Settings(now=instant(now), **options)
    lines = [json.dumps(event).encode() for event in events]
    found = [json.loads(line) for line in replay_alerts(lines, settings)]
    return {f"{alert['kind']}|{alert['subject']}": alert for alert in found}


def kinds(*events: Said, now: str = NOW, **options: Any) -> set[str]:
    """Name the kinds of alert that stand at an instant."""
    return {alert["kind"] for alert in standing(*events, now=now, **options).values()}
