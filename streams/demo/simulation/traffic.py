"""How the company's CRM tells of it: a past at once, then live, with the faults that CRMs have."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Literal, NamedTuple

from streams.demo.simulation.accounts import (
    customers,
    known,
    ordered,
)
from streams.demo.simulation.company import (
    REPS,
    EventData,
    organisation,
    rates,
    spends,
    targets,
)
from streams.demo.simulation.efforts import call, prospected
from streams.demo.simulation.stories import (
    QUICK,
    REAL,
    Happening,
    Market,
    Story,
    Timing,
)
from streams.engine.calendars.calendar import Calendar

HISTORY_DAYS = 21
LEADS_A_DAY = 40
COLD_CALLS_A_DAY = 60
EFFORTS_A_DAY = 12
ORDERS_A_DAY = 6
DAY_MS = 86_400_000
MINUTE_MS = 60_000
# Mean milliseconds between two of a kind, live.
LEADS_EVERY = 900
CALLS_EVERY = 110
EFFORTS_EVERY = 2_500
ORDERS_EVERY = 4_000
DUPLICATES = 0.04
CORRECTIONS = 0.02
LATE = 0.08
KNOWN_LEADS = 400
# Answers that take an hour and more, so that some leads are seen to wait too long.
UNHURRIED = Timing(5 * MINUTE_MS, DAY_MS)

Kind = Literal["new", "duplicate", "correction"]


class ScheduledRequest(NamedTuple):
    """One event as the CRM sends it; `kind` says whether it had sent that `id` before.

    `is_late`: it comes seconds after it happened, behind later ones.
    """

    event: EventData
    kind: Kind
    is_late: bool = False


class Traffic:
    """Everything one CRM sends, decided by the seed and the instant it starts at.

    `reference` and `history` are what it has to say at `start`; `due` then gives, in order,
    what it sends up to an instant, however often it is asked. No event is from the future.
    """

    def __init__(self, seed: int, start: int, calendar: Calendar, currency: str) -> None:
        """Make up the past; instants are milliseconds."""
        self._dice = Random(seed)  # noqa: S311  # a story, not a secret
        self._start = start
        self._market = Market(calendar, currency)
        self._numbers = count(1)
        self._serial = count()
        self._orders = count(1)
        self._customers = customers()
        self._coming: list[tuple[int, int, ScheduledRequest | Callable[[int], None]]] = []
        self._known: deque[tuple[str, str]] = deque(maxlen=KNOWN_LEADS)
        self._past = self._lived()
        self._plan(start, self._lead_comes_in)
        self._plan(start, self._rep_calls)
        self._plan(start, self._rep_prospects)
        self._plan(start, self._customer_orders)

    def reference(self) -> list[EventData]:
        """Give who works where and what for, what currencies are worth, who buys, what ads cost."""
        calendar = self._market.calendar
        first = calendar.local(self._start - (HISTORY_DAYS + 7) * DAY_MS).date()
        today = calendar.local(self._start).date()
        at = calendar.text(calendar.start_of(first.toordinal()))
        currency = self._market.currency

        def evening(day: date) -> str:
            return calendar.text(min(calendar.end_of(day) - 1, self._start))

        begun = first + timedelta(days=7)
        return [
            *organisation(at),
            *targets(currency, at),
            *rates(currency, first, today, at),
            *known(currency, at),
            *spends(currency, begun, today, evening),
        ]

    def history(self) -> list[ScheduledRequest]:
        """Give the last weeks, roughly in order, faults included."""
        return self._past

    def due(self, until: int) -> Iterator[ScheduledRequest]:
        """Give what is sent after the last call and up to `until`, in the order of sending."""
        while self._coming and self._coming[0][0] <= until:
            at, _, coming = heapq.heappop(self._coming)
            if isinstance(coming, ScheduledRequest):
                yield coming
            else:
                coming(at)

    def _plan(self, at: int, coming: ScheduledRequest | Callable[[int], None]) -> None:
        heapq.heappush(self._coming, (at, next(self._serial), coming))

    def _lived(self) -> list[ScheduledRequest]:
        """Tell the stories of the past; what they hold for the future comes at a quick pace."""
        past: list[Happening] = []
        for begin, end, share in self._days():
            past += [
                self._cold_call(self._hour(begin, end))
                for _ in range(int(COLD_CALLS_A_DAY * share))
            ]
            for _ in range(int(LEADS_A_DAY * share * self._dice.uniform(0.8, 1.2))):
                past += self._story(self._hour(begin, end), REAL).happenings
            past += [
                self._prospecting(self._hour(begin, end)) for _ in range(int(EFFORTS_A_DAY * share))
            ]
            for _ in range(int(ORDERS_A_DAY * share)):
                past += self._order(self._hour(begin, end), REAL)
        # Their first hour ends while somebody is watching: time passing moves KPIs by itself.
        for minutes in (59.8, 59.5, 58.9, 58.3, 57.5, 56.0):
            past += self._story(self._start - int(minutes * MINUTE_MS), UNHURRIED).happenings
        lived: list[tuple[float, ScheduledRequest]] = []
        for happening in past:
            if happening.at > self._start:
                self._happen(self._hastened(happening))
                continue
            # Up to hours out of order: an export has no reason to keep it.
            order = happening.at + self._dice.uniform(0, DAY_MS / 4)
            lived.extend((order, sent) for sent in self._sent(happening, within=10 * MINUTE_MS))
        lived.sort(key=lambda timed: timed[0])
        return [sent for _, sent in lived]

    def _days(self) -> Iterator[tuple[int, int, float]]:
        """Give begin and end of each day of the past, and how busy it was."""
        calendar = self._market.calendar
        today = calendar.day(self._start)
        for day in range(today - HISTORY_DAYS, today + 1):
            begin, end = calendar.start_of(day), calendar.start_of(day + 1)
            elapsed = min(1.0, (self._start - begin) / (end - begin))
            is_weekend = calendar.local(begin).weekday() >= 5
            yield begin, min(end, self._start), elapsed * (0.4 if is_weekend else 1.0)

    def _hour(self, begin: int, end: int) -> int:
        return begin + int(self._dice.triangular(0.1, 1, 0.5) * (end - begin))

    def _story(self, created: int, pace: Timing) -> Story:
        story = Story(self._dice, next(self._numbers), created, pace, self._market)
        story.events()
        if story.is_answered:
            self._known.append((story.subject, story.rep.name))
        return story

    def _hastened(self, happening: Happening) -> Happening:
        ahead = (happening.at - self._start) * QUICK.day // REAL.day
        at = self._start + ahead
        return Happening(at, {**happening.event, "at": self._market.calendar.text(at)})

    def _lead_comes_in(self, at: int) -> None:
        for happening in self._story(at, QUICK).happenings:
            self._happen(happening)
        self._plan(at + self._wait(LEADS_EVERY), self._lead_comes_in)

    def _rep_calls(self, at: int) -> None:
        """Let a rep call somebody: one of the leads, or a stranger."""
        if self._dice.random() < 0.7:
            # Not the newest, whose first answer is in their story.
            subject, rep = self._known[self._dice.randrange(len(self._known) * 3 // 4)]
            self._happen(self._done(at, subject, "call.ended", call(self._dice, rep)))
        else:
            self._happen(self._cold_call(at))
        self._plan(at + self._wait(CALLS_EVERY), self._rep_calls)

    def _rep_prospects(self, at: int) -> None:
        self._happen(self._prospecting(at))
        self._plan(at + self._wait(EFFORTS_EVERY), self._rep_prospects)

    def _prospecting(self, at: int) -> Happening:
        rep = self._dice.choice(REPS).name
        return self._done(at, f"rep:{rep}", "activity.logged", prospected(self._dice, rep))

    def _customer_orders(self, at: int) -> None:
        for happening in self._order(at, QUICK):
            self._happen(happening)
        self._plan(at + self._wait(ORDERS_EVERY), self._customer_orders)

    def _order(self, at: int, pace: Timing) -> Iterator[Happening]:
        customer = self._dice.choice(self._customers)
        return ordered(self._dice, next(self._orders), customer, at, pace, self._market)

    def _cold_call(self, at: int) -> Happening:
        rep = self._dice.choice(REPS).name
        made = call(self._dice, rep, cold=True)
        return self._done(at, f"rep:{rep}", "call.ended", made)

    def _done(self, at: int, subject: str, kind: str, made: EventData) -> Happening:
        event: EventData = {
            "id": f"effort-{next(self._serial):06d}",
            "type": kind,
            "at": self._market.calendar.text(at),
            "subject": subject,
            "source": "demo",
            **made,
        }
        return Happening(at, event)

    def _wait(self, mean: int) -> int:
        return int(self._dice.expovariate(1 / mean))

    def _happen(self, happening: Happening) -> None:
        """Plan the sending of something live: mostly at once, now and then seconds late."""
        is_late = self._dice.random() < LATE
        at = happening.at + int(self._dice.uniform(2_000, 15_000) if is_late else 20)
        for sent in self._sent(happening, within=8_000):
            if sent.kind == "new":
                self._plan(at, sent._replace(is_late=is_late))
            else:
                self._plan(at + 8_000 + self._wait(4_000), sent)

    def _sent(self, happening: Happening, within: int) -> Iterator[ScheduledRequest]:
        """Give every sending of an event; a correction happens at most `within` ms later."""
        yield ScheduledRequest(happening.event, "new")
        if self._dice.random() < DUPLICATES:
            yield ScheduledRequest(happening.event, "duplicate")
        if self._dice.random() < CORRECTIONS:
            at = happening.at + self._dice.randrange(1_000, within)
            changed = correction(self._dice, happening.event, self._market.currency)
            if changed and not happening.at <= self._start < at:
                changed["at"] = self._market.calendar.text(at)
                yield ScheduledRequest(changed, "correction")


def correction(dice: Random, event: EventData, currency: str) -> EventData | None:
    """Give the event as somebody mended it afterwards; None if its kind is never mended."""
    kind = event["type"]
    if kind == "call.ended":
        if event["outcome"] == "connected":
            return {**event, "outcome": "voicemail", "seconds": 0}
        return {**event, "outcome": "connected", "seconds": dice.randrange(30, 900)}
    if kind == "email.sent":
        return {**event, "links": 4}
    if kind == "deal.changed" and "amount" in event and "currency" in event:
        return {**event, "amount": f"{dice.randrange(500, 9_000)}.05", "currency": currency}
    return None
