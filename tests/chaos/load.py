"""The load: a history with duplicates and disorder, canaries among it, and poison."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from aiokafka.partitioner import DefaultPartitioner

from tests.chaos.plan import (
    DAYS,
    START,
    Plan,
)
from tests.histories import disturbed, history

EventData = dict[str, Any]
# Leads that are never corrected: how many there are can only grow. Each shard's have a channel
# of their own, so that what is published can be compared with the rows of that shard.
CANARY = "canary"
CANARY_KEY = f"lead_count|channel={CANARY}-"
CANARY_AT = "2026-02-03T09:00:00Z"
# Kafka's record header by which the verdict knows what was poison.
POISON_HEADER = "poison"
BATCH = 60
# As the gateway's producer chooses.
_everywhere = DefaultPartitioner()


class Poison(NamedTuple):
    """A record that no gateway would let through."""

    kind: str
    topic: str
    key: bytes | None
    value: bytes | None


class Load(NamedTuple):
    """All that is sent; batches and poison each in their order."""

    batches: list[list[EventData]]
    poison: list[Poison]

    @property
    def size(self) -> int:
        """How many events the batches hold, copies included."""
        return sum(map(len, self.batches))


def load(plan: Plan) -> Load:
    """Make everything up from the plan's seed."""
    random = Random(plan.seed + 2)
    canaries = round(plan.events * plan.canaries)
    events = history(plan.seed, plan.events - canaries, start=START, days=DAYS)
    spread = [(random.random(), canary(number, plan.partitions)) for number in range(canaries)]
    placed = [(number / len(events), event) for number, event in enumerate(events)] + spread
    placed.sort(key=lambda item: item[0])
    events = disturbed(
        [event for _, event in placed],
        plan.seed,
        duplicates=plan.duplicates,
        disorder=plan.disorder,
    )
    batches = []
    while events:
        size = random.randint(1, BATCH)
        batches.append(events[:size])
        del events[:size]
    count = max(len(KINDS), round(plan.events * plan.poison))
    return Load(batches, [KINDS[n % len(KINDS)](n) for n in range(count)])


def canary(number: int, partitions: int = 1) -> EventData:
    """Return a lead without any other event; its channel names its partition."""
    subject = f"{CANARY}-{number}"
    return {
        "id": "e1",
        "type": "lead.created",
        "at": CANARY_AT,
        "subject": subject,
        "channel": f"{CANARY}-{_everywhere(subject.encode(), [*range(partitions)], [])}",
    }


def encoded(event: EventData | Sequence[EventData]) -> bytes:
    """Write JSON as a CRM would."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def not_json(number: int) -> Poison:
    """Break off in the middle."""
    return Poison("not json", "crm.lead", b"k%d" % number, b'{"id":"e1","type":"lead.cre')


def nothing(number: int) -> Poison:
    """Send a tombstone where there are none."""
    return Poison("nothing", "crm.call", b"k%d" % number, None)


def unknown_type(number: int) -> Poison:
    """Send a type that nobody declared."""
    event = {**canary(number), "type": "lead.abducted"}
    return Poison("unknown type", "crm.lead", event["subject"].encode(), encoded(event))


def float_money(number: int) -> Poison:
    """Send money as a float."""
    event = {
        "id": "e1", "type": "deal.changed", "at": CANARY_AT, "subject": f"p-{number}",
        "deal": f"p-{number}", "amount": 12.5, "currency": "EUR",
    }  # fmt: skip
    return Poison("float money", "crm.deal", event["subject"].encode(), encoded(event))  # type: ignore[attr-defined]  # a text


def wrong_key(number: int) -> Poison:
    """Send a good event under another subject's key."""
    return Poison("wrong key", "crm.lead", b"somebody", encoded(canary(10**9 + number)))


KINDS: tuple[Callable[[int], Poison], ...] = (
    not_json,
    nothing,
    unknown_type,
    float_money,
    wrong_key,
)
