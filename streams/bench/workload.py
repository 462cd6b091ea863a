"""Events of a busy sales floor, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from streams.engine.calendars.calendar import DAY_MS

REPS = [f"rep-{number}" for number in range(40)]
CHANNELS = ["web", "phone", "fair", "partner", "mail"]
CAMPAIGNS = [f"campaign-{number}" for number in range(8)]
PRODUCTS = [f"product-{number}" for number in range(5)]
Event = dict[str, Any]


class Produced(NamedTuple):
    """An event and the instant at which it happens, in milliseconds."""

    at: int
    event: Event


def organisation() -> Iterator[Event]:
    """Yield the reps with their teams and departments."""
    for number, rep in enumerate(REPS):
        yield {
            "id": rep,
            "type": "rep.set",
            "at": "2026-01-01T00:00:00Z",
            "rep": rep,
            "team": f"team-{number % 8}",
            "department": f"department-{number % 2}",
            "unit": "sales",
        }


class LeadGenerator:
    """Generates the events of one lead after another.

    Two generators with one seed give the same events; with two seeds, those of other leads.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - load, not secrets
        self._leads = 0
        self._events = 0

    def next_lead(self, begin: int) -> list[Produced]:
        """Return one lead's events, the first at `begin`."""
        dice, events = self._random, []
        self._leads += 1
        subject, rep = f"lead-{self._seed}-{self._leads}", dice.choice(REPS)

        def add(kind: str, after: float, **fields: Any) -> None:
            at = begin + int(after)
            self._events += 1
            event = {
                "id": f"e{self._events}",
                "type": kind,
                "at": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds"),
                "subject": subject,
            }
            events.append(Produced(at, event | fields))

        add(
            "lead.created",
            0,
            rep=rep,
            channel=dice.choice(CHANNELS),
            media=dice.choice(["paid", "earned", "owned"]),
            campaign=dice.choice(CAMPAIGNS),
            product=dice.choice(PRODUCTS),
        )
        for _ in range(dice.randrange(4)):
            outcome = dice.choice(["connected", "no_answer", "voicemail"])
            cold = dice.random() < 0.1
            call = {"direction": "outbound", "outcome": outcome, "cold": cold, "seconds": 60}
            add("call.ended", dice.expovariate(1 / 7_200_000), rep=rep, **call)
        for number in range(dice.randrange(3)):
            email, sent = f"{subject}-mail-{number}", dice.expovariate(1 / 14_400_000)
            add("email.sent", sent, rep=rep, email=email, links=1)
            if dice.random() < 0.3:
                add("email.clicked", sent + dice.expovariate(1 / 7_200_000), email=email)
        if dice.random() < 0.5:
            self._deal(f"{subject}-deal", add)
        return events

    def _deal(self, deal: str, add: Any) -> None:
        dice, after = self._random, self._random.uniform(60_000, DAY_MS / 4)
        amount = f"{dice.randrange(100, 20_000)}.50"
        opening = {"stage": "new", "status": "open", "amount": amount, "currency": "EUR"}
        add("deal.changed", after, deal=deal, expected_close="2027-01-31", **opening)
        for stage in ("qualified", "proposal"):
            after += dice.expovariate(1 / 7_200_000)
            add("deal.changed", after, deal=deal, stage=stage, probability=0.4)
        if dice.random() < 0.6:
            after += dice.expovariate(1 / 7_200_000)
            add("deal.changed", after, deal=deal, status=dice.choice(["won", "lost"]))


def backlog(seed: int, count: int, end: int, days: int) -> list[Event]:
    """Return `count` events of the `days` before an instant, ordered by when they happened."""
    leads, dice = LeadGenerator(seed), random.Random(seed)  # noqa: S311 - load, not secrets
    found: list[Produced] = []
    while len(found) < count:
        lead = leads.next_lead(end - dice.randrange(days * DAY_MS))
        found += [produced for produced in lead if produced.at <= end]
    found.sort(key=lambda produced: produced.at)
    return [event for _, event in found[:count]]


def lines(events: list[Event]) -> bytes:
    """Write events as newline-delimited JSON."""
    return b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)
