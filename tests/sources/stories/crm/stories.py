"""Stories told twice: in a source's own requests, and in canonical events by hand."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

from streams.sources.bodies import record_read
from streams.sources.delivery import Delivery
from streams.sources.identity import person
from tests.sources.translated import KEY, delivery, kpis, translated

Events = Sequence[Mapping[str, Any]]
SHUFFLES = 6


def at(day: int, clock: str = "09:00:00", month: int = 11) -> datetime:
    """An instant of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{month:02}-{day:02}T{clock}+00:00").astimezone(UTC)


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def iso(moment: datetime) -> str:
    """A time as most interfaces write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def record(source: str, kind: str, fields: Mapping[str, Any]) -> Delivery:
    """A record that was read from a CRM."""
    return delivery(source, record_read(kind, json.dumps(fields).encode()))


def by_phone(digits: str) -> str:
    """The subject of whoever is known by a number alone."""
    return person("phone", digits, KEY)


def by_email(address: str) -> str:
    """The subject of whoever is known by an address alone."""
    return person("email", address, KEY)


def event(kind: str, moment: datetime, subject: str, /, **fields: Any) -> dict[str, Any]:
    """A canonical event, written by hand; each is another fact."""
    number = f"hand-{next(_numbers)}"
    return {"id": number, "type": kind, "at": iso(moment), "subject": subject, **fields}


_numbers = count(1)


def assert_same(
    source: str,
    requests: Iterable[Delivery | bytes],
    by_hand: Events,
    others: Events = (),
) -> None:
    """Hold that requests give the records of events by hand, in any order, each sent twice.

    `others` are events of other sources, which come with the requests.
    """
    expected = kpis(by_hand)
    assert expected
    told = [*requests, *requests]
    for seed in range(SHUFFLES):
        shuffled = list(told)
        Random(seed).shuffle(shuffled)
        found = kpis([*translated(source, shuffled), *others])
        assert found.keys() == expected.keys()
        assert {key: found[key] for key in expected if found[key] != expected[key]} == {}
