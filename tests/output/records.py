"""Records of `sales.kpis`, made by the streams' own core from events."""

from collections.abc import Iterable, Iterator

import orjson

from streams.config.settings import Settings, instant
from streams.operations.replay import replay

NOON = "2026-03-04T12:00:00+00:00"


def at(text: str = NOON, **fields: str) -> Settings:
    """Settings with a clock that is fixed at an instant."""
    return Settings(now=instant(text, "now"), **fields)  # type: ignore[arg-type]  # texts all


def key(record: bytes) -> str:
    """Return the key of a record."""
    fields = orjson.loads(record)
    scope = "".join(f"{name}={value}" for name, value in fields["scope"].items()) or "all"
    return f"{fields['kpi']}|{scope}|{fields['window']}|{fields['start']}"


def records(events: Iterable[bytes], settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Return the records that follow from events, with their keys."""
    for record in replay(events, settings):
        yield key(record), record


def won(deal: str, amount: str, *, when: str = "2026-03-04T09:00:00+00:00", **more: str) -> bytes:
    """A deal won."""
    return orjson.dumps(
        {
            "id": "1",
            "type": "deal.changed",
            "at": when,
            "subject": deal,
            "deal": deal,
            "status": "won",
            "amount": amount,
            "currency": "EUR",
            **more,
        }
    )
