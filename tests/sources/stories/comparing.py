"""Comparing a story in a source's own requests with the same story in canonical events."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from streams.sources import identity
from streams.sources.delivery import Delivery
from tests.kpis.story import instant
from tests.sources.translated import KEY, delivery, kpis, outcome, translated

SEEDS = (1, 2, 3)


def form(source: str, fields: Mapping[str, object], **others: Any) -> Delivery:
    """A request whose body is a form."""
    return delivery(source, urlencode(fields).encode(), **others)


def person(kind: str, normal: str) -> str:
    """The subject of whoever is known by a number or an address alone."""
    return identity.person(kind, normal, KEY)


def seconds(at: str) -> int:
    """A time of 2026, such as `03-10 09:00`, in seconds since the epoch."""
    return instant(at) // 1_000


def single(source: str, body: object, **fields: Any) -> dict[str, Any]:
    """The only event of a request, none of which may be unmapped."""
    found = outcome(source, body, **fields)
    assert not found.unmapped
    (event,) = found.events
    event_fields: dict[str, Any] = json.loads(event)
    return event_fields


def check_same(
    source: str,
    story: Sequence[Delivery],
    canonical: Iterable[Mapping[str, Any]],
    beside: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Check that both forms of a story give the same records, each of at least one KPI.

    Requests come twice and in several orders; `beside` are canonical events of other senders, and
    part of both.
    """
    expected = kpis([*canonical, *beside])
    assert expected
    for seed in SEEDS:
        requests = [*story, *story]
        random.Random(seed).shuffle(requests)
        found = kpis([*translated(source, requests), *beside])
        keys = found.keys() | expected.keys()
        differing = {key: (found.get(key), expected.get(key)) for key in keys}
        assert not {key: both for key, both in differing.items() if both[0] != both[1]}
