"""The requests of the simulated CRM: a history, then live events, with the usual faults."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Literal, NamedTuple

from streams.demo.simulation.accounts import (
    account_records,
    customers,
    order_events,
)
from streams.demo.simulation.company import (
    REPS,
    EventData,
    organisation,
    rates,
    spends,
    targets,
)
from streams.demo.simulation.efforts import call, prospecting
from streams.demo.simulation.stories import (
    QUICK,
    REAL,
    CrmEvent,
    Market,
    Story,
    Timing,
)
from streams.engine.calendars.calendar import DAY_MS, Calendar

HISTORY_DAYS = 21
LEADS_A_DAY = 40
COLD_CALLS_A_DAY = 60
EFFORTS_A_DAY = 12
ORDERS_A_DAY = 6
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
# Answers that take an hour and more, so that some leads visibly wait too long.
SLOW = Timing(5 * MINUTE_MS, DAY_MS)

Kind = Literal["new", "duplicate", "correction"]


class ScheduledRequest(NamedTuple):
    """One event as the CRM sends it; `kind` is "new" unless its `id` was sent before.

    An event that `is_late` is sent seconds after it happened, behind later ones.
    """

    event: EventData
    kind: Kind
    is_late: bool = False


class Traffic:
    """All requests of one CRM, determined by the seed, the start instant and the days before it.

    `reference` and `history` are sent at `start`; `due` then yields, in order, what is sent up to
    an instant, in however many calls. No event is from the future. Instants are milliseconds.
    """

    def __init__(
        self,
        seed: int,
        start: int,
        calendar: Calendar,
        currency: str,
        days: int = HISTORY_DAYS,
    ) -> None:
        self._days_before = days
        self._dice = Random(seed)  # noqa: S311  # a story, not a secret
        self._start = start
        self._market = Market(calendar, currency)
        # The number of the next story.
        self.next_story = 1
        self._serial = count()
        self._orders = count(1)
        self._customers = customers()
        self._planned: list[tuple[int, int, ScheduledRequest | Callable[[int], None]]] = []
        self._known: deque[tuple[str, str]] = deque(maxlen=KNOWN_LEADS)
        self._history = self._generate_history()
        self._plan(start, self._create_lead)
        self._plan(start, self._make_call)
        self._plan(start, self._prospect)
        self._plan(start, self._place_order)

    def reference(self) -> list[EventData]:
        """Return reps, targets, exchange rates, accounts and the costs of campaigns."""
        calendar = self._market.calendar
        first = calendar.local(self._start - (self._days_before + 7) * DAY_MS).date()
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
            *account_records(currency, at),
            *spends(currency, begun, today, evening),
        ]

    def history(self) -> list[ScheduledRequest]:
        """Return the days before the start, roughly in order, faults included."""
        return self._history

    def due(self, until: int) -> Iterator[ScheduledRequest]:
        """Yield the requests after the last call and up to `until`, in the order of sending."""
        while self._planned and self._planned[0][0] <= until:
            at, _, action = heapq.heappop(self._planned)
            if isinstance(action, ScheduledRequest):
                yield action
            else:
                action(at)

    def _plan(self, at: int, action: ScheduledRequest | Callable[[int], None]) -> None:
        heapq.heappush(self._planned, (at, next(self._serial), action))

    def _generate_history(self) -> list[ScheduledRequest]:
        """Generate the stories of the past; their events after `start` are planned, sooner."""
        past: list[CrmEvent] = []
        for begin, end, share in self._days():
            past += [
                self._cold_call(self._hour(begin, end))
                for _ in range(int(COLD_CALLS_A_DAY * share))
            ]
            for _ in range(int(LEADS_A_DAY * share * self._dice.uniform(0.8, 1.2))):
                past += self._story(self._hour(begin, end), REAL).events
            past += [
                self._prospecting(self._hour(begin, end)) for _ in range(int(EFFORTS_A_DAY * share))
            ]
            for _ in range(int(ORDERS_A_DAY * share)):
                past += self._order(self._hour(begin, end), REAL)
        # The first hour of these ends while the demo runs: KPIs change as time passes.
        for minutes in (59.8, 59.5, 58.9, 58.3, 57.5, 56.0):
            past += self._story(self._start - int(minutes * MINUTE_MS), SLOW).events
        requests: list[tuple[float, ScheduledRequest]] = []
        for crm_event in past:
            if crm_event.at > self._start:
                self._send(self._hastened(crm_event))
                continue
            # Up to hours out of order: an export has no reason to keep the order.
            order = crm_event.at + self._dice.uniform(0, DAY_MS / 4)
            requests.extend(
                (order, request) for request in self._requests(crm_event, within=10 * MINUTE_MS)
            )
        requests.sort(key=lambda timed: timed[0])
        return [request for _, request in requests]

    def _days(self) -> Iterator[tuple[int, int, float]]:
        """Yield begin and end of each day of the history, and its share of usual activity."""
        calendar = self._market.calendar
        today = calendar.day(self._start)
        for day in range(today - self._days_before, today + 1):
            begin, end = calendar.start_of(day), calendar.start_of(day + 1)
            elapsed = min(1.0, (self._start - begin) / (end - begin))
            is_weekend = calendar.local(begin).weekday() >= 5
            yield begin, min(end, self._start), elapsed * (0.4 if is_weekend else 1.0)

    def _hour(self, begin: int, end: int) -> int:
        return begin + int(self._dice.triangular(0.1, 1, 0.5) * (end - begin))

    def _story(self, created: int, timing: Timing) -> Story:
        story = Story(self._dice, self.next_story, created, timing, self._market)
        self.next_story += 1
        if story.is_answered:
            self._known.append((story.subject, story.rep.name))
        return story

    def _hastened(self, crm_event: CrmEvent) -> CrmEvent:
        ahead = (crm_event.at - self._start) * QUICK.day // REAL.day
        at = self._start + ahead
        return CrmEvent(at, {**crm_event.event, "at": self._market.calendar.text(at)})

    def _create_lead(self, at: int) -> None:
        for crm_event in self._story(at, QUICK).events:
            self._send(crm_event)
        self._plan(at + self._wait(LEADS_EVERY), self._create_lead)

    def _make_call(self, at: int) -> None:
        """Add a call to one of the leads or a cold call, and plan the next."""
        if self._dice.random() < 0.7:
            # Not the newest: their first calls are part of their stories.
            subject, rep = self._known[self._dice.randrange(len(self._known) * 3 // 4)]
            self._send(self._effort(at, subject, "call.ended", call(self._dice, rep)))
        else:
            self._send(self._cold_call(at))
        self._plan(at + self._wait(CALLS_EVERY), self._make_call)

    def _prospect(self, at: int) -> None:
        self._send(self._prospecting(at))
        self._plan(at + self._wait(EFFORTS_EVERY), self._prospect)

    def _prospecting(self, at: int) -> CrmEvent:
        rep = self._dice.choice(REPS).name
        return self._effort(at, f"rep:{rep}", "activity.logged", prospecting(self._dice, rep))

    def _place_order(self, at: int) -> None:
        for crm_event in self._order(at, QUICK):
            self._send(crm_event)
        self._plan(at + self._wait(ORDERS_EVERY), self._place_order)

    def _order(self, at: int, timing: Timing) -> Iterator[CrmEvent]:
        customer = self._dice.choice(self._customers)
        return order_events(self._dice, next(self._orders), customer, at, timing, self._market)

    def _cold_call(self, at: int) -> CrmEvent:
        rep = self._dice.choice(REPS).name
        fields = call(self._dice, rep, cold=True)
        return self._effort(at, f"rep:{rep}", "call.ended", fields)

    def _effort(self, at: int, subject: str, kind: str, fields: EventData) -> CrmEvent:
        event: EventData = {
            "id": f"effort-{next(self._serial):06d}",
            "type": kind,
            "at": self._market.calendar.text(at),
            "subject": subject,
            "source": "demo",
            **fields,
        }
        return CrmEvent(at, event)

    def _wait(self, mean: int) -> int:
        return int(self._dice.expovariate(1 / mean))

    def _send(self, crm_event: CrmEvent) -> None:
        """Plan the requests of a live event: mostly at once, sometimes seconds late."""
        is_late = self._dice.random() < LATE
        at = crm_event.at + int(self._dice.uniform(2_000, 15_000) if is_late else 20)
        for request in self._requests(crm_event, within=8_000):
            if request.kind == "new":
                self._plan(at, request._replace(is_late=is_late))
            else:
                self._plan(at + 8_000 + self._wait(4_000), request)

    def _requests(self, crm_event: CrmEvent, within: int) -> Iterator[ScheduledRequest]:
        """Yield every request of an event; a correction happens at most `within` ms later."""
        yield ScheduledRequest(crm_event.event, "new")
        if self._dice.random() < DUPLICATES:
            yield ScheduledRequest(crm_event.event, "duplicate")
        if self._dice.random() < CORRECTIONS:
            at = crm_event.at + self._dice.randrange(1_000, within)
            changed = correction(self._dice, crm_event.event, self._market.currency)
            if changed and not crm_event.at <= self._start < at:
                changed["at"] = self._market.calendar.text(at)
                yield ScheduledRequest(changed, "correction")


def correction(dice: Random, event: EventData, currency: str) -> EventData | None:
    """Return the event as it is corrected afterwards; None if its type is never corrected."""
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
