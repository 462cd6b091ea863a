"""How events arrive: as lines, more than once, and out of order."""

import json
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any


def lines(events: Iterable[dict[str, Any]]) -> bytes:
    """Write one JSON object a line, UTF-8."""
    return b"".join(
        json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for event in events
    )


def disturbed(
    events: Sequence[dict[str, Any]],
    seed: int,
    duplicates: float = 0.1,
    disorder: float = 0.1,
) -> list[dict[str, Any]]:
    """Deliver a share of the events twice and a share of them anywhere.

    A copy comes somewhere after its original's own place. No event is lost or changed, so
    every KPI stays what it was. `events` is left alone; the copies are its own objects.
    """
    random = Random(seed)
    placed: list[tuple[float, int, dict[str, Any]]] = []
    last = len(events)
    for place, event in enumerate(events):
        moved = random.random() < disorder
        placed.append((random.uniform(0, last) if moved else place, place, event))
        if random.random() < duplicates:
            placed.append((random.uniform(place, last), place, event))
    placed.sort(key=lambda item: (item[0], item[1]))
    return [event for _, _, event in placed]
