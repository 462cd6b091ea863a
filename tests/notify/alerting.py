"""A writer of `sales.alerts`, as workers write it, and rules files of receivers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer

from streams.config.rules import parse
from streams.config.rules.notify import NotifyRules
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.kafka.topics import ALERTS


class AlertWriter:
    """Raises and ends alerts, many in one transaction."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def raise_alerts(self, *subjects: str, rep: str | None = "ann") -> None:
        """Raise an alert about each subject."""
        await self.write({f"lead_unanswered|{name}": record(name, rep) for name in subjects})

    async def end_alerts(self, *subjects: str) -> None:
        """End the alert about each subject."""
        await self.write(dict.fromkeys(f"lead_unanswered|{name}" for name in subjects))

    async def write(self, records: dict[str, bytes | None]) -> None:
        """Write records in one transaction."""
        async with self._producer.transaction():
            for key, value in records.items():
                await self._producer.send(ALERTS, value, key.encode(), partition=0)


def record(subject: str, rep: str | None = "ann") -> bytes:
    """Return an alert's record."""
    return orjson.dumps(
        {
            "kind": "lead_unanswered",
            "subject": subject,
            "rep": rep,
            "since": "2026-06-01T12:00:00.000+00:00",
            "amount": None,
            "currency": None,
            "rule": {"after_ms": 3_600_000},
            "text": f"No person has called or written to lead {subject} within 1 h of its coming.",
            "updated_at": "2026-06-01T12:00:01.000+00:00",
        }
    )


@asynccontextmanager
async def alert_writer(settings: Settings) -> AsyncIterator[AlertWriter]:
    """Start a writer."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        transactional_id=f"test-alerts-{uuid4().hex}",
        retry_backoff_ms=5,
    )
    async with producer:
        yield AlertWriter(producer)


def route(name: str, url: str, folder: Path, more: str = "") -> str:
    """Write a route to a Slack-compatible receiver."""
    file = folder / f"{name}.url"
    file.write_text(url)
    return f'[[notify.route]]\nname = "{name}"\nslack_url_file = "{file}"\n{more}\n'


def rules_of(text: str) -> NotifyRules:
    """Read the text of a rules file."""
    return parse(read_table(text, "rules.toml")).notify
