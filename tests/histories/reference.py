"""The firm: who sells, in which team, what they sell, and what currencies are worth."""

from dataclasses import dataclass
from datetime import timedelta

from tests.histories.scribe import (
    CURRENCIES,
    DAY_MS,
    EPOCH,
    WITHOUT_RATE,
    EventDict,
    Scribe,
)

NAMES = ("ann", "bob", "cyd", "dan", "eva", "fay", "gus", "hal", "ida", "jon", "kim", "leo")
TEAMS = {
    "north": ("field", "europe"),
    "south": ("field", "europe"),
    "inside": ("desk", "europe"),
    "gulf": ("desk", "asia"),
}
CHANNELS = ("web", "phone", "fair", "referral", "linkedin", "partner")
MEDIA = ("paid", "earned", "owned")
CAMPAIGNS = ("spring", "webinar", "relaunch", "winter-sale")
PARTNERS = ("alfa", "brasko", "čedok")
PRODUCTS = ("basic", "pro", "service")


@dataclass(frozen=True)
class Firm:
    """The reps of a history, in the order they were hired."""

    reps: tuple[str, ...]


def firm(scribe: Scribe, reps: int) -> Firm:
    """Set up the firm: its reps and the rates of its currencies.

    One rep belongs to no team, one to a team without department, one is not on the list at
    all, and one changes team half-way (given that many reps).
    """
    names = [NAMES[it] if it < len(NAMES) else f"rep{it + 1}" for it in range(reps)]
    teams = list(TEAMS)
    for number, name in enumerate(names):
        fields: EventDict = {"rep": name}
        if number != 2:
            team = teams[number % len(teams)]
            fields["team"] = team
            if number != 3:
                fields["department"], fields["unit"] = TEAMS[team]
        if number != 4:
            scribe.write("rep.set", None, scribe.start, fields)
        if number == 1:
            moved = {**fields, "team": "gulf", "department": "desk", "unit": "asia"}
            scribe.write("rep.set", None, (scribe.start + scribe.end) // 2, moved)
    write_rates(scribe)
    write_targets(scribe, names)
    return Firm(tuple(names))


def write_targets(scribe: Scribe, reps: list[str]) -> None:
    """Set targets for the firm, for its teams and reps: some for every window, some for one."""
    first = (EPOCH + timedelta(milliseconds=scribe.start)).date().isoformat()
    aims: list[tuple[str, str, str]] = [
        ("revenue_won", "month", "100000"),
        ("lead_count", "week", "40"),
        ("response_time", "last_7d", "3600000"),
        ("close_rate", "quarter", "0.4"),
    ]
    scopes: list[EventDict] = [{}, {"team": "north"}, *({"rep": rep} for rep in reps[:3])]
    for kpi, window, value in aims:
        for scope in scopes:
            target: EventDict = {"kpi": kpi, "scope": scope, "window": window, "value": value}
            if scribe.chance(0.8):
                scribe.write("target.set", None, scribe.start, target)
            if scribe.chance(0.5):
                own = {**target, "value": "7.5", "start": first}
                scribe.write("target.set", None, scribe.start, own)


def write_rates(scribe: Scribe) -> None:
    """Set rates a month apart; they begin a week late, so the first facts have none."""
    for currency, (_, dearer) in CURRENCIES.items():
        if currency == WITHOUT_RATE:
            continue
        for at in range(scribe.start + 7 * DAY_MS, scribe.end, 30 * DAY_MS):
            rate = f"{scribe.random.uniform(0.95, 1.05) / dearer:.6f}"
            day = (EPOCH + timedelta(milliseconds=at)).date().isoformat()
            scribe.write("rate.set", None, at, {"currency": currency, "date": day, "rate": rate})
