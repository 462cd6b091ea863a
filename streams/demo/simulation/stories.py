"""The simulated life of one lead, from its creation to the last payment."""

from datetime import timedelta
from random import Random
from typing import NamedTuple

from streams.demo.simulation.company import (
    CHANNELS,
    PARTNERS,
    PRODUCTS,
    REASONS,
    REPS,
    WANTED,
    EventData,
    Rep,
    foreign,
)
from streams.demo.simulation.efforts import call, collateral
from streams.engine.calendars.calendar import Calendar

STAGES = (("discovery", 0.2), ("proposal", 0.45), ("negotiation", 0.7))
PAYMENT_DAYS = 7


class Timing(NamedTuple):
    """The simulated length of a minute of answering and a day of selling, in milliseconds."""

    minute: int
    day: int


REAL = Timing(60_000, 86_400_000)
QUICK = Timing(2_000, 20_000)


class CrmEvent(NamedTuple):
    """An event that the CRM records at an instant in milliseconds."""

    at: int
    event: EventData


class Market(NamedTuple):
    """The reporting calendar and the currency of most deals."""

    calendar: Calendar
    currency: str


class Story:
    """The life of one lead, generated at once: the same dice, number and instant give the same.

    `events` are in the order of their instants, the first at `created`. `is_answered` is true where
    a rep ever contacted the lead. `timing` scales the time that passes between the events.
    """

    def __init__(
        self, dice: Random, number: int, created: int, timing: Timing, market: Market
    ) -> None:
        self.events: list[CrmEvent] = []
        self.is_answered = False
        self.subject = f"lead-{number:05d}"
        self.rep: Rep = dice.choice(REPS)
        self._dice = dice
        self._number = number
        self._at = created
        self._timing = timing
        self._market = market
        self._product = dice.choices(tuple(PRODUCTS), (5, 4, 1))[0]
        self._generate()

    def _generate(self) -> None:
        self._create_lead()
        outcome = self._dice.random()
        if outcome < 0.03:
            return
        if outcome < 0.08:
            self._pass_days(0.05, 0.6)
            self._write("lead.disqualified", {"rep": self.rep.name, "reason": "not a fit"})
            return
        self._answer()
        self.is_answered = True
        if self._dice.random() < 0.6:
            self._write("lead.qualified", {"rep": self.rep.name})
            if self._dice.random() < 0.8:
                self._pass_minutes(5)
                self._write("lead.handed_over", {"rep": self.rep.name})
        for _ in range(min(int(self._dice.expovariate(0.5)), 8)):
            self._pass_days(0.1, 1.2)
            self._touch()
        if self._dice.random() < 0.5:
            self._deal()

    def _write(self, kind: str, fields: EventData, subject: str = "") -> None:
        event: EventData = {
            "id": f"{self._number:05d}-{len(self.events):02d}",
            "type": kind,
            "at": self._market.calendar.text(self._at),
            "subject": subject or self.subject,
            "source": "demo",
            **fields,
        }
        self.events.append(CrmEvent(self._at, event))

    def _pass_minutes(self, median: float) -> None:
        self._at += int(self._dice.lognormvariate(0, 0.9) * median * self._timing.minute)

    def _pass_days(self, least: float, most: float) -> None:
        self._at += int(self._dice.uniform(least, most) * self._timing.day)

    def _create_lead(self) -> None:
        dice = self._dice
        channel = dice.choices(tuple(CHANNELS), (5, 4, 1, 2, 2))[0]
        media, campaigns = CHANNELS[channel]
        known: EventData = {"channel": channel, "media": media, "product": self._product}
        if campaign := dice.choice(campaigns):
            known["campaign"] = campaign
        if channel == "partner":
            known["partner"] = dice.choice(PARTNERS)
        if dice.random() < 0.75:
            self._write("lead.created", {"rep": self.rep.name, **known})
            return
        self._write("lead.created", known)
        self._pass_minutes(2)
        self._write("lead.assigned", {"rep": self.rep.name})

    def _answer(self) -> None:
        if self._dice.random() < 0.3:
            self._email(automated=True)
        self._pass_minutes(18 * self.rep.haste)
        self._touch()

    def _touch(self) -> None:
        if self._dice.random() < 0.65:
            self._write("call.ended", call(self._dice, self.rep.name))
        else:
            self._email()

    def _email(self, *, automated: bool = False) -> None:
        email = f"mail-{self._number:05d}-{len(self.events):02d}"
        links = self._dice.choice((0, 1, 1, 2, 3))
        sent: EventData = {"rep": self.rep.name, "email": email, "links": links}
        self._write("email.sent", {**sent, "automated": True} if automated else sent)
        if links and self._dice.random() < 0.35:
            self._pass_minutes(15)
            self._write("email.clicked", {"email": email})
        if self._dice.random() < 0.15:
            self._pass_minutes(30)
            self._write("email.replied", {"email": email})

    def _deal(self) -> None:
        dice, deal = self._dice, f"deal-{self._number:05d}"
        home = self._market.currency
        currency = dice.choice(foreign(home)) if dice.random() < 0.25 else home
        cents = int(dice.lognormvariate(0, 0.5) * PRODUCTS[self._product] * 100)
        for stage, probability in STAGES:
            self._pass_days(0.3, 2.2)
            close = self._market.calendar.local(self._at) + timedelta(days=dice.randrange(3, 15))
            self._write(
                "deal.changed",
                {
                    "deal": deal,
                    "stage": stage,
                    "status": "open",
                    "amount": money(cents),
                    "currency": currency,
                    "probability": probability,
                    "expected_close": close.date().isoformat(),
                },
            )
            self._log_activity(stage)
            if dice.random() < 0.5:
                self._pass_days(0.1, 0.8)
                self._touch()
            cents = int(cents * dice.uniform(0.9, 1.15))
        self._write("quote.sent", {**self._quote, "amount": money(cents), "currency": currency})
        self._close(deal, cents, currency)

    @property
    def _quote(self) -> EventData:
        return {"quote": f"quote-{self._number:05d}"}

    def _log_activity(self, stage: str) -> None:
        """Add a meeting, a presentation or material that is sent, as the stage suggests."""
        dice, rep = self._dice, self.rep.name
        if stage == "discovery" and dice.random() < 0.5:
            self._write("activity.logged", {"rep": rep, "kind": "meeting"})
        if stage == "proposal" and dice.random() < 0.4:
            self._write("activity.logged", {"rep": rep, "kind": "presentation"})
        if dice.random() < 0.2:
            self._write("activity.logged", collateral(dice, rep))

    def _close(self, deal: str, cents: int, currency: str) -> None:
        dice = self._dice
        outcome = dice.random()
        self._pass_days(0.3, 2.0)
        if outcome > 0.92:
            return  # never decided
        if outcome > 0.9:
            self._write("deal.deleted", {"deal": deal})
            return
        if outcome > self.rep.skill:
            reason = dice.choice(REASONS)
            why: EventData = {"reason": reason} if reason else {}
            self._write("deal.changed", {"deal": deal, "status": "lost", **why})
            if wanted := dice.choice(WANTED):
                why["unmet_demand"] = wanted
            self._write("quote.rejected", {**self._quote, **why})
            return
        self._write("deal.changed", {"deal": deal, "status": "won", "amount": money(cents)})
        self._write("quote.ordered", self._quote)
        if dice.random() < 0.04:  # not won after all: open again, and won in the end
            self._pass_days(0.1, 0.5)
            self._write("deal.changed", {"deal": deal, "status": "open"})
            self._pass_days(0.3, 1.0)
            self._write("deal.changed", {"deal": deal, "status": "won"})
        self._bill(cents, currency)

    def _bill(self, cents: int, currency: str) -> None:
        dice = self._dice
        account = f"account-{self._number:05d}"
        invoice: EventData = {"invoice": f"invoice-{self._number:05d}", "currency": currency}
        self._pass_days(0.1, 0.8)
        due = self._market.calendar.local(self._at) + timedelta(days=PAYMENT_DAYS)
        terms: EventData = {"rep": self.rep.name, "due": due.date().isoformat()}
        self._write("invoice.issued", {**invoice, "amount": money(cents), **terms}, account)
        outcome = dice.random()
        if outcome < 0.1:
            return  # nobody pays
        if outcome < 0.13:
            self._pass_days(0.5, 3)
            self._write("invoice.credited", {**invoice, "amount": money(cents)}, account)
            return
        first = cents if outcome < 0.8 else cents // 2
        for part in filter(None, (first, cents - first)):
            self._pass_days(1.5, 10)
            self._write("invoice.paid", {**invoice, "amount": money(part)}, account)


def money(cents: int) -> str:
    """Write an amount as events carry it."""
    return f"{cents // 100}.{cents % 100:02d}"
