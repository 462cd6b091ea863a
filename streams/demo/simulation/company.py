"""The invented company of the demo: reps, products, channels, targets and costs; none is real."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

EventData = dict[str, object]


class Rep(NamedTuple):
    """A sales rep: `haste` multiplies the wait before an answer, `skill` is the share won."""

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
# Of each channel: its kind of media, and the campaigns that run in it.
CHANNELS = {
    "web": ("owned", ("newsletter", "webinar")),
    "search": ("paid", ("spring offer", "free trial")),
    "fair": ("paid", ("autumn fair",)),
    "referral": ("earned", ("",)),
    "partner": ("earned", ("",)),
}
# The cost of a campaign per day.
COSTS = {"owned": 60, "paid": 180}
PARTNERS = ("Partner A", "Partner B", "Partner C")
# The median value of a deal of each product.
PRODUCTS = {"Starter": 900, "Team": 3_200, "Enterprise": 11_000}
REASONS = ("price", "timing", "went elsewhere", "no budget", "")
WANTED = ("single sign-on", "on-premises", "shorter terms", "")
# The targets of a month, in units of the first currency where it is money.
REVENUE, REVENUE_OF_A_REP, LEADS, WITHIN_AN_HOUR = 400_000, 55_000, 1_000, 0.85
# The rough and constant value of one unit in units of the first currency.
WORTH = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17}


def foreign(currency: str) -> tuple[str, ...]:
    """Return the other currencies in which the company sells."""
    return tuple(other for other in WORTH if other != currency)


def organisation(at: str) -> Iterator[EventData]:
    """Yield a `rep.set` for every rep, as of `at`."""
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
    """Yield a `target.set` for each monthly target, as of `at`."""
    home = WORTH.get(currency, 1.0)
    monthly: list[tuple[str, dict[str, str], float]] = [
        ("revenue_won", {}, REVENUE / home),
        ("lead_count", {}, LEADS),
        ("response_within_hour", {}, WITHIN_AN_HOUR),
        *(("revenue_won", {"rep": rep.name}, REVENUE_OF_A_REP / home) for rep in REPS),
    ]
    for kpi, scope, value in monthly:
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
    """Yield a weekly `rate.set` for every foreign currency, from `first` to `last`, as of `at`."""
    home = WORTH.get(currency, 1.0)
    for other in foreign(currency):
        day = first
        week = 0
        while day <= last:
            # A variation of one per cent, so that the date of a fact visibly matters.
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
    """Yield each campaign's cost of each day from `first` to `last`; `at` gives a day's instant."""
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
