"""Who works at the invented company, what it sells and to whom; nobody and nothing here is real."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

EventData = dict[str, object]


class Rep(NamedTuple):
    """One who sells: `haste` multiplies the wait before an answer, `skill` is the share won."""

    name: str
    team: str
    haste: float
    skill: float


REPS = (
    Rep("Ana Ruiz", "North", 0.5, 0.46),
    Rep("Ben Okafor", "North", 0.9, 0.38),
    Rep("Chloe Meyer", "North", 1.4, 0.33),
    Rep("Dmitri Vale", "South", 0.7, 0.41),
    Rep("Elif Kaya", "South", 1.0, 0.36),
    Rep("Farah Haddad", "South", 2.2, 0.24),
    Rep("Goran Novak", "Renewals", 0.8, 0.52),
    Rep("Hana Sato", "Renewals", 1.2, 0.44),
)
DEPARTMENTS = {
    "North": "New customers",
    "South": "New customers",
    "Renewals": "Existing customers",
}
UNIT = "Europe"
# Channel: what it costs to be found there, and the campaigns that run in it.
CHANNELS = {
    "web": ("owned", ("newsletter", "webinar")),
    "search": ("paid", ("spring offer", "free trial")),
    "fair": ("paid", ("autumn fair",)),
    "referral": ("earned", ("",)),
    "partner": ("earned", ("",)),
}
# What a campaign costs a day.
COSTS = {"owned": 60, "paid": 180}
PARTNERS = ("Partner A", "Partner B", "Partner C")
# Product: what its median deal is worth.
PRODUCTS = {"Starter": 900, "Team": 3_200, "Enterprise": 11_000}
REASONS = ("price", "timing", "went elsewhere", "no budget", "")
WANTED = ("single sign-on", "on-premises", "shorter terms", "")
# What a month should come to, in units of the first currency where it is money.
REVENUE, REVENUE_OF_A_REP, LEADS, IN_AN_HOUR = 400_000, 55_000, 1_000, 0.85
# What one unit is worth, roughly and for ever, in one unit of the first.
WORTH = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17}


def foreign(currency: str) -> tuple[str, ...]:
    """Name the currencies the company also sells in."""
    return tuple(other for other in WORTH if other != currency)


def organisation(at: str) -> Iterator[EventData]:
    """Give a `rep.set` for everyone, as of `at`."""
    for rep in REPS:
        yield {
            "id": f"org-{rep.name}",
            "type": "rep.set",
            "at": at,
            "rep": rep.name,
            "team": rep.team,
            "department": DEPARTMENTS[rep.team],
            "unit": UNIT,
        }


def targets(currency: str, at: str) -> Iterator[EventData]:
    """Give a `target.set` for each thing the company has set out to do a month, as of `at`."""
    home = WORTH.get(currency, 1.0)
    aims: list[tuple[str, dict[str, str], float]] = [
        ("revenue_won", {}, REVENUE / home),
        ("lead_count", {}, LEADS),
        ("response_within_hour", {}, IN_AN_HOUR),
        *(("revenue_won", {"rep": rep.name}, REVENUE_OF_A_REP / home) for rep in REPS),
    ]
    for kpi, scope, value in aims:
        yield {
            "id": f"target-{kpi}-{scope.get('rep', 'all')}",
            "type": "target.set",
            "at": at,
            "kpi": kpi,
            "scope": scope,
            "window": "month",
            "value": f"{value:.2f}" if value < 1 else f"{value:.0f}",
        }


def rates(currency: str, first: date, last: date, at: str) -> Iterator[EventData]:
    """Give a `rate.set` a week for every foreign currency, from `first` to `last`, as of `at`."""
    home = WORTH.get(currency, 1.0)
    for other in foreign(currency):
        day = first
        week = 0
        while day <= last:
            # A ripple of one per cent, so that the date of a fact can be seen to matter.
            rate = WORTH[other] / home * (1 + 0.01 * (week % 3 - 1))
            yield {
                "id": f"rate-{other}-{day}",
                "type": "rate.set",
                "at": at,
                "currency": other,
                "date": day.isoformat(),
                "rate": f"{rate:.6f}",
            }
            day += timedelta(days=7)
            week += 1


def spends(
    currency: str, first: date, last: date, at: Callable[[date], str]
) -> Iterator[EventData]:
    """Give what each campaign cost a day from `first` to `last`; `at` writes when on a day."""
    day = first
    while day <= last:
        for channel, (media, campaigns) in CHANNELS.items():
            for number, campaign in enumerate(filter(None, campaigns)):
                yield {
                    "id": f"spend-{campaign}-{day}",
                    "type": "spend.recorded",
                    "at": at(day),
                    "amount": f"{COSTS[media] + 15 * number + day.toordinal() % 7}.00",
                    "currency": currency,
                    "channel": channel,
                    "media": media,
                    "campaign": campaign,
                }
        day += timedelta(days=1)
