"""A history of leads of eight events each, and events that happen to them later."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from streams.bench.workload import REPS, Event, LeadGenerator, text
from streams.engine.calendars.calendar import DAY_MS

EVENTS_PER_LEAD = 8
# All of a lead's events happen within it, but for one lead of many millions.
LEAD_MS = 3 * DAY_MS


@dataclass(frozen=True)
class Leads:
    """Leads of EVENTS_PER_LEAD events, evenly over the days before an instant."""

    seed: int
    count: int
    end: int
    days: int

    @property
    def events(self) -> int:
        """The number of events of all leads."""
        return EVENTS_PER_LEAD * self.count

    def begin(self, lead: int) -> int:
        """Return the instant at which a lead was created; leads count from 1."""
        span = self.days * DAY_MS - LEAD_MS
        return self.end - self.days * DAY_MS + span * lead // self.count

    def history(self) -> Iterator[Event]:
        """Yield the events of all leads in the order in which they happened."""
        generator = LeadGenerator(self.seed)
        pending: list[tuple[int, int, Event]] = []
        number = 0
        for lead in range(1, self.count + 1):
            begin = self.begin(lead)
            while pending and pending[0][0] < begin:
                yield heappop(pending)[2]
            for at, event in generator.lead_of_eight(begin):
                number += 1
                heappush(pending, (at, number, event))
        while pending:
            yield heappop(pending)[2]

    def later_events(self, seed: int, count: int, now: int | None = None) -> Iterator[Event]:
        """Yield events of random leads: calls, mails, and other amounts of their deals.

        They happen at an instant; without one each in the first days of its lead: it comes late.
        """
        dice = random.Random(seed)  # noqa: S311 - load, not secrets
        for number in range(count):
            lead = dice.randrange(self.count) + 1
            subject = f"lead-{self.seed}-{lead}"
            at = self.begin(lead) + dice.randrange(LEAD_MS) if now is None else now
            event = {"id": f"later-{seed}-{number}", "at": text(at), "subject": subject}
            rep, kind = dice.choice(REPS), dice.random()
            if kind < 0.6:
                call = {"direction": "outbound", "outcome": "connected", "seconds": 60}
                yield event | {"type": "call.ended", "rep": rep} | call
            elif kind < 0.8:
                mail = {"email": f"{subject}-later-{seed}-{number}", "links": 1}
                yield event | {"type": "email.sent", "rep": rep} | mail
            else:
                amount = f"{dice.randrange(100, 20_000)}.50"
                deal = {"deal": f"{subject}-deal", "amount": amount, "currency": "EUR"}
                yield event | {"type": "deal.changed"} | deal
