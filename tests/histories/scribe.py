"""The writer of a history: ids, times with offsets, money, and occasional corrections."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS_MINUTES = (0, 0, 60, 120, 180, 210, 330, 345, -180, -210, -300, -480)
OF_ACCOUNTS = ("invoice", "order", "ticket")
CORRECTED_SHARE = 0.02
# How many decimals a currency's amounts are written with, and how much dearer than euros it looks.
CURRENCIES = {
    "EUR": (2, 1.0),
    "USD": (2, 1.1),
    "GBP": (2, 0.85),
    "JPY": (0, 160.0),
    "KWD": (3, 0.33),
    "XOF": (0, 650.0),
}
WITHOUT_RATE = "XOF"
CURRENCY_WEIGHTS = (60, 16, 8, 6, 4, 6)

EventDict = dict[str, Any]


def instant(day: date) -> int:
    """Give the first millisecond of the date in UTC."""
    return (day - EPOCH.date()).days * DAY_MS


class Scribe:
    """Collects the events of one history, with one source of chance."""

    def __init__(self, seed: int, start: date, days: int) -> None:
        """Everything that is drawn follows from the seed."""
        self.random = Random(seed)
        self.start = instant(start)
        self.end = self.start + days * DAY_MS
        self.written: list[tuple[int, EventDict]] = []
        self.ids: Counter[str] = Counter()
        self.offset = UTC

    def chance(self, share: float) -> bool:
        """Happen in this share of the cases."""
        return self.random.random() < share

    def change_offset(self) -> None:
        """Write times with another offset from here on."""
        minutes = self.random.choice(OFFSETS_MINUTES)
        self.offset = timezone(timedelta(minutes=minutes)) if minutes else UTC

    def moment(self) -> int:
        """Draw an instant: mostly in working hours, sometimes right at midnight or in the night."""
        day = self.random.randrange(self.start, self.end, DAY_MS)
        drawn = self.random.random()
        if drawn < 0.03:
            midnight = day - self.random.choice(OFFSETS_MINUTES) * MINUTE_MS
            return midnight + self.random.choice((-1, 0, 1))
        if drawn < 0.85:
            return day + round(self.random.triangular(6 * HOUR_MS, 19 * HOUR_MS))
        return day + self.random.randrange(DAY_MS)

    def after(self, at: int, mean_ms: float) -> int:
        """Draw a later instant; in one case of twenty the same."""
        if self.chance(0.05):
            return at
        return at + round(self.random.expovariate(1 / mean_ms))

    def write(self, kind: str, subject: str | None, at: int, fields: EventDict) -> None:
        """Write down an event, and in a few cases a correction of it."""
        group = "account" if kind.split(".")[0] in OF_ACCOUNTS else "sales"
        if kind.startswith("subject."):
            group = "fate"
        counter = f"{group}/{subject}" if subject else "reference"
        self.ids[counter] += 1
        # Merges and erasures have ids of their own.
        prefix = "fate" if group == "fate" else "e"
        event: EventDict = {
            "id": f"{prefix}{self.ids[counter]}",
            "type": kind,
            "at": self.shown(at),
        }
        if subject is not None:
            event["subject"] = subject
        event.update(fields)
        self.written.append((at, event))
        if subject is not None and self.chance(CORRECTED_SHARE):
            later = at + 1 + round(self.random.expovariate(1 / DAY_MS))
            self.written.append(
                (later, {**event, "at": self.shown(later), **self.corrected(event)})
            )

    def corrected(self, event: EventDict) -> EventDict:
        """Draw the changed fields of a correction; where none can change, only the time does."""
        if "amount" in event and "currency" in event:
            return {"amount": self.amount(event["currency"])}
        if "outcome" in event:
            return {"outcome": "no_answer" if event["outcome"] == "connected" else "connected"}
        if "links" in event:
            return {"links": 0 if event["links"] else 1}
        if "channel" in event:
            return {"channel": "referral"}
        return {"probability": 0.35} if "probability" in event else {}

    def shown(self, at: int) -> str:
        """Write the instant as RFC 3339; some finer than a millisecond, which is to be floored."""
        local = (EPOCH + timedelta(milliseconds=at)).astimezone(self.offset)
        if at % SECOND_MS == 0 and not self.chance(0.05):
            text = local.isoformat(timespec="seconds")
        elif self.chance(0.05):
            finer = local + timedelta(microseconds=self.random.randrange(1000))
            text = finer.isoformat(timespec="microseconds")
        else:
            text = local.isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z") if self.chance(0.5) else text

    def currency(self) -> str:
        """Draw a currency; one of them has no rate."""
        return self.random.choices(list(CURRENCIES), CURRENCY_WEIGHTS)[0]

    def amount(self, currency: str) -> str:
        """Draw an amount whose size is typical of a deal or an invoice."""
        digits, dearer = CURRENCIES[currency]
        euros = self.random.lognormvariate(7.5, 1.4) * dearer
        if self.chance(0.3):
            return str(max(100, round(euros / 100) * 100))
        return f"{euros:.{digits}f}"
