"""Events of a busy sales floor, the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

REPS = [f"rep-{number}" for number in range(40)]
CHANNELS = ["web", "phone", "fair", "partner", "mail"]
CAMPAIGNS = [f"campaign-{number}" for number in range(8)]
PRODUCTS = [f"product-{number}" for number in range(5)]
DAY_MS = 86_400_000
Produced = tuple[int, dict[str, Any]]


def organisation() -> Iterator[dict[str, Any]]:
    """Give the reps with their teams and departments."""
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


class Floor:
    """Tells one lead's story after another."""

    def __init__(self, seed: int) -> None:
        """Take a seed; two floors of one seed tell the same, of two seeds of other leads."""
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - load, not secrets
        self._leads = 0
        self._events = 0

    def story(self, begin: int) -> list[Produced]:
        """Give one lead's events as (instant in ms, event), the first at `begin`."""
        dice, told = self._random, []
        self._leads += 1
        subject, rep = f"lead-{self._seed}-{self._leads}", dice.choice(REPS)

        def tell(kind: str, after: float, **fields: Any) -> None:
            at = begin + int(after)
            self._events += 1
            said = {
                "id": f"e{self._events}",
                "type": kind,
                "at": datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds"),
                "subject": subject,
            }
            told.append((at, said | fields))

        tell(
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
            tell("call.ended", dice.expovariate(1 / 7_200_000), rep=rep, **call)
        for number in range(dice.randrange(3)):
            email, sent = f"{subject}-mail-{number}", dice.expovariate(1 / 14_400_000)
            tell("email.sent", sent, rep=rep, email=email, links=1)
            if dice.random() < 0.3:
                tell("email.clicked", sent + dice.expovariate(1 / 7_200_000), email=email)
        if dice.random() < 0.5:
            self._deal(f"{subject}-deal", tell)
        return told

    def _deal(self, deal: str, tell: Any) -> None:
        dice, after = self._random, self._random.uniform(60_000, DAY_MS / 4)
        amount = f"{dice.randrange(100, 20_000)}.50"
        opening = {"stage": "new", "status": "open", "amount": amount, "currency": "EUR"}
        tell("deal.changed", after, deal=deal, expected_close="2027-01-31", **opening)
        for stage in ("qualified", "proposal"):
            after += dice.expovariate(1 / 7_200_000)
            tell("deal.changed", after, deal=deal, stage=stage, probability=0.4)
        if dice.random() < 0.6:
            after += dice.expovariate(1 / 7_200_000)
            tell("deal.changed", after, deal=deal, status=dice.choice(["won", "lost"]))


def backlog(seed: int, events: int, end: int, days: int) -> list[dict[str, Any]]:
    """Give so many events of the `days` before an instant, ordered by when they happened."""
    floor, dice = Floor(seed), random.Random(seed)  # noqa: S311 - load, not secrets
    told: list[Produced] = []
    while len(told) < events:
        story = floor.story(end - dice.randrange(days * DAY_MS))
        told += [said for said in story if said[0] <= end]
    told.sort(key=lambda said: said[0])
    return [said for _, said in told[:events]]


def lines(events: list[dict[str, Any]]) -> bytes:
    """Write events as newline-delimited JSON."""
    return b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in events)
