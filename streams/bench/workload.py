"""Events of a busy sales floor, the same for the same seed."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from streams.engine.calendars.calendar import DAY_MS

REPS = [f"rep-{number}" for number in range(40)]
CHANNELS = ["web", "phone", "fair", "partner", "mail"]
CAMPAIGNS = [f"campaign-{number}" for number in range(8)]
PRODUCTS = [f"product-{number}" for number in range(5)]
# Milliseconds.
TWO_HOURS, FOUR_HOURS = 7_200_000, 14_400_000
Event = dict[str, Any]


class Produced(NamedTuple):
    """An event and the instant at which it happens, in milliseconds."""

    at: int
    event: Event


class Lead(NamedTuple):
    """A lead whose events are being made."""

    subject: str
    rep: str
    begin: int
    events: list[Produced]


def text(at: int) -> str:
    """Write an instant in milliseconds as events have it."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


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
        lead, dice = self._created(begin), self._random
        for _ in range(dice.randrange(4)):
            self._call(lead)
        for number in range(dice.randrange(3)):
            self._mail(lead, number, clicked=0.3)
        if dice.random() < 0.5:
            self._deal(lead, closed=0.6)
        return lead.events

    def lead_of_eight(self, begin: int) -> list[Produced]:
        """Return the eight events of a lead with a deal that is won or lost, unordered."""
        lead = self._created(begin)
        calls = self._random.randrange(1, 4)
        for _ in range(calls):
            self._call(lead)
        if calls < 3:
            self._mail(lead, 0, clicked=float(calls == 1))
        self._deal(lead, closed=1.0)
        return lead.events

    def _created(self, begin: int) -> Lead:
        self._leads += 1
        dice = self._random
        lead = Lead(f"lead-{self._seed}-{self._leads}", dice.choice(REPS), begin, [])
        self._add(
            lead,
            "lead.created",
            0,
            rep=lead.rep,
            channel=dice.choice(CHANNELS),
            media=dice.choice(["paid", "earned", "owned"]),
            campaign=dice.choice(CAMPAIGNS),
            product=dice.choice(PRODUCTS),
        )
        return lead

    def _call(self, lead: Lead) -> None:
        dice = self._random
        outcome = dice.choice(["connected", "no_answer", "voicemail"])
        cold = dice.random() < 0.1
        call = {"direction": "outbound", "outcome": outcome, "cold": cold, "seconds": 60}
        self._add(lead, "call.ended", dice.expovariate(1 / TWO_HOURS), rep=lead.rep, **call)

    def _mail(self, lead: Lead, number: int, clicked: float) -> None:
        dice = self._random
        email, sent = f"{lead.subject}-mail-{number}", dice.expovariate(1 / FOUR_HOURS)
        self._add(lead, "email.sent", sent, rep=lead.rep, email=email, links=1)
        if dice.random() < clicked:
            self._add(lead, "email.clicked", sent + dice.expovariate(1 / TWO_HOURS), email=email)

    def _deal(self, lead: Lead, closed: float) -> None:
        deal, dice = f"{lead.subject}-deal", self._random
        after = dice.uniform(60_000, DAY_MS / 4)
        amount = f"{dice.randrange(100, 20_000)}.50"
        opening = {"stage": "new", "status": "open", "amount": amount, "currency": "EUR"}
        self._add(lead, "deal.changed", after, deal=deal, expected_close="2027-01-31", **opening)
        for stage in ("qualified", "proposal"):
            after += dice.expovariate(1 / TWO_HOURS)
            self._add(lead, "deal.changed", after, deal=deal, stage=stage, probability=0.4)
        if dice.random() < closed:
            after += dice.expovariate(1 / TWO_HOURS)
            status = dice.choice(["won", "lost"])
            self._add(lead, "deal.changed", after, deal=deal, status=status)

    def _add(self, lead: Lead, kind: str, after: float, **fields: Any) -> None:
        at = lead.begin + int(after)
        self._events += 1
        event = {"id": f"e{self._events}", "type": kind, "at": text(at), "subject": lead.subject}
        lead.events.append(Produced(at, event | fields))


def backlog(seed: int, count: int, end: int, days: int) -> list[Event]:
    """Return `count` events of the `days` before an instant, ordered by when they happened."""
    leads, dice = LeadGenerator(seed), random.Random(seed)  # noqa: S311 - load, not secrets
    found: list[Produced] = []
    while len(found) < count:
        lead = leads.next_lead(end - dice.randrange(days * DAY_MS))
        found += [produced for produced in lead if produced.at <= end]
    found.sort(key=lambda produced: produced.at)
    return [event for _, event in found[:count]]


def lines(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield events as newline-delimited JSON."""
    for event in events:
        yield orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
