"""A CRM of the tests: its mapping file, its deliveries, and what is in Kafka of them."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.internal_topics.inbox import InboxKeys, encode
from streams.kafka import topics
from streams.sources.delivery import Delivery
from streams.sources.loading import sources
from streams.sources.mapping import translate
from tests.installation.installed import all_records

MAPPING = """
source = "acme"
title = "Acme CRM"
[auth]
scheme = "token"
query = "token"
[body]
items = "changes"
[[event]]
name    = "stage"
when    = "kind == 'deal'"
type    = "deal.changed"
id      = ["number", "revision"]
at      = { from = "at", time = "iso" }
subject = { from = "number", link = "deal" }
deal    = "number"
stage   = "stage"
status  = { from = "stage", table = "status" }
amount  = { from = "amount", money = "major" }
currency = { const = "EUR" }
rep     = "owner"
[[event]]
name    = "thin"
when    = "kind == 'thin'"
read    = "deal"
from    = "number"
[table.status]
new   = "open"
won   = "won"
lost  = "lost"
"""
# As it was before somebody noticed what it does with lost deals, and that there are others.
MISTAKEN = MAPPING.replace('lost  = "lost"', 'lost  = "won"').replace('new   = "open"\n', "")
STAGES = ("new", "won", "lost")
BASE_MS = 1_777_593_600_000  # 2026-05-01


def folder_with(folder: Path, mapping: str = MAPPING) -> Path:
    """Write the mapping file into a folder, and return it."""
    folder.mkdir(exist_ok=True)
    (folder / "acme.toml").write_text(mapping)
    return folder


def change(number: int, **fields: Any) -> dict[str, Any]:
    """One change of a deal: each number is another; 100 deals have them all."""
    return {
        "kind": "deal",
        "number": f"d{number % 100}",
        "revision": number,
        "at": f"2026-05-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00Z",
        "stage": STAGES[number % 3],
        "amount": f"{number}.50",
        "owner": f"r{number % 5}",
        **fields,
    }


def delivery(changes: Sequence[dict[str, Any]], **fields: Any) -> Delivery:
    """A webhook of the CRM with some changes."""
    usual: dict[str, Any] = {"label": "", "query": {}, "headers": {}, "received": BASE_MS}
    body = json.dumps({"changes": changes}).encode()
    return Delivery(**{"source": "acme", "body": body, **usual, **fields})


def deliveries(first: int, count: int, each: int = 1) -> list[Delivery]:
    """So many deliveries of so many changes each; each number is another change."""
    return [
        delivery([change(first + number * each + part) for part in range(each)])
        for number in range(count)
    ]


async def deliver(
    settings: Settings, sent: Iterable[Delivery], keys: InboxKeys | None = None
) -> None:
    """Write deliveries where the gateway would."""
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, enable_idempotence=True, linger_ms=5
    ) as producer:
        futures = []
        for number, each in enumerate(sent):
            value, headers = encode(each, "", keys or InboxKeys())
            futures.append(
                await producer.send(
                    topics.INBOX,
                    value,
                    partition=number % topics.INBOX_PARTITIONS,
                    headers=list(headers),
                )
            )
        await asyncio.gather(*futures)


def expected(settings: Settings, sent: Iterable[Delivery]) -> list[bytes]:
    """The events that the mapping file of the settings gives, in no order."""
    known = sources(settings.sources)
    return sorted(
        event
        for each in sent
        for event in translate(known[each.source], each, settings.secret).events
    )


async def written(settings: Settings, topic: str = "crm.deal") -> list[bytes]:
    """The events on a topic, in no order."""
    return sorted(
        [
            record.value or b""
            for some in (await all_records(settings, topic)).values()
            for record in some
        ]
    )


def with_mapping(settings: Settings, folder: Path, mapping: str = MAPPING) -> Settings:
    """Settings of an installation that has the CRM's mapping file."""
    return replace(settings, sources=folder_with(folder, mapping), now=None)
