"""Short nasty histories for the laws: few subjects, the same ids and instants again and again."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.histories.events import (
    EVENT_FIELDS,
    FOCUSES,
    OF_ACCOUNTS,
    REFERENCES,
    TOMBSTONES,
    subject_of,
)
from tests.histories.scribe import (
    DAY_MS,
    EPOCH,
    HOUR_MS,
    MINUTE_MS,
    EventDict,
)

TIMEZONES = ("UTC", "Asia/Tehran", "Europe/Sofia", "America/New_York", "Asia/Kolkata")
CURRENCIES = ("EUR", "EUR", "USD", "JPY", "KWD")
MOST_EVENTS = 25

# Instants where a local clock of one of the zones strikes midnight or jumps.
SLICES = (
    "2022-03-21T20:30:00Z",  # Tehran's clock skips midnight, in the year of its last summer time
    "2022-09-21T19:30:00Z",  # Tehran's clock shows the hour before midnight again
    "2026-03-29T01:00:00Z",  # Sofia skips an hour
    "2026-10-25T01:00:00Z",  # Sofia shows an hour twice
    "2026-03-08T07:00:00Z",  # New York skips an hour
    "2026-11-01T06:00:00Z",  # New York shows an hour twice
    "2026-03-01T18:30:00Z",  # midnight in Kolkata, at the start of no month in UTC
    "2026-01-01T00:00:00Z",
    "2026-06-30T20:30:00Z",  # midnight in Tehran, the start of July
    "2026-02-28T22:00:00Z",  # midnight in Sofia, the start of March
)
DISTANCES_MS = (
    0,
    *(sign * step for step in (1, 1000, 30 * MINUTE_MS, HOUR_MS, DAY_MS) for sign in (1, -1)),
    HOUR_MS + 1,
    HOUR_MS - 1,
    7 * DAY_MS,
    15 * DAY_MS,
    30 * DAY_MS,
    31 * DAY_MS,
    -90 * DAY_MS,
    *(90 * DAY_MS, 365 * DAY_MS, -365 * DAY_MS),
)
OFFSETS_MINUTES = (0, 210, 120, -300, 330, -210, 345)
FINER_MICROSECONDS = (0, 0, 0, 1, 999)
KEYS = {
    "rep.set": ("rep",),
    "rate.set": ("currency", "date"),
    "account.set": ("account",),
    "spend.recorded": (),
    "target.set": ("kpi", "scope", "window", "start"),
}
IDS = tuple(f"e{number}" for number in range(1, 31))


def milliseconds(text: str) -> int:
    """Read one of the instants above."""
    return (EPOCH.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


@st.composite
def times(draw: st.DrawFn, part: int) -> tuple[int, str]:
    """Draw an instant near a turn of the clock: its millisecond, and how an event writes it."""
    instant = part + draw(st.sampled_from(DISTANCES_MS) | st.integers(-3 * DAY_MS, 3 * DAY_MS))
    offset_minutes = draw(st.sampled_from(OFFSETS_MINUTES))
    return instant, written(instant, offset_minutes, draw(st.sampled_from(FINER_MICROSECONDS)))


def written(instant: int, offset_minutes: int, finer: int) -> str:
    """Write the instant with an offset, `finer` being microseconds to be floored."""
    shift = timedelta(minutes=offset_minutes)
    local = EPOCH + timedelta(milliseconds=instant, microseconds=finer) + shift
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    zone = f"{sign}{hours:02}:{minutes:02}" if offset_minutes else "Z"
    return local.replace(tzinfo=None).isoformat() + zone


@st.composite
def small_histories(draw: st.DrawFn, focus: str | None = None) -> list[EventDict]:
    """Draw up to 25 valid events, in any order: of all kinds, or of what the focus is about.

    Ids and instants clash, within a subject and across subjects; a lead and an account may
    share their id. Copies of an event come with another time, with other content, or with
    both. Where two events of one subject have the same id and instant they differ in one
    string at most, so that the greater serialization is the same in every serialization.
    """
    part = milliseconds(draw(st.sampled_from(SLICES)))
    kinds = st.sampled_from(FOCUSES[focus or draw(st.sampled_from(tuple(FOCUSES)))])
    size = draw(st.integers(0, MOST_EVENTS))
    drawn: list[tuple[int, EventDict]] = []
    for kind in draw(st.lists(kinds, min_size=size, max_size=size)):
        instant, at = draw(times(part))
        fields = draw(EVENT_FIELDS[kind])
        # What became of a subject is told under ids that nothing else has.
        prefix = "fate-" if kind in TOMBSTONES else ""
        event = {
            "id": prefix + draw(st.sampled_from(IDS)),
            "type": kind,
            "at": at,
            **subject_of(draw, kind, fields),
        }
        drawn.append((instant, event | fields))
        if draw(st.integers(0, 9)) == 0:
            drawn.append(draw(versions(part, instant, event | fields)))
    return without_unclear(drawn)[:MOST_EVENTS]


@st.composite
def versions(draw: st.DrawFn, part: int, instant: int, event: EventDict) -> tuple[int, EventDict]:
    """Draw another version of an event: the same id, other content, a while later or at once."""
    again, at = draw(times(part)) if draw(st.booleans()) else (instant, event["at"])
    fields = draw(EVENT_FIELDS[event["type"]])
    changeable = sorted(event.keys() & fields.keys() - {"rep"})
    if not changeable:
        return again, {**event, "at": at}
    field = draw(st.sampled_from(changeable))
    return again, {**event, "at": at, field: fields[field]}


def without_unclear(drawn: list[tuple[int, EventDict]]) -> list[EventDict]:
    """Leave out events whose tie with an earlier one only a certain serialization decides."""
    chosen: dict[tuple[Any, ...], list[EventDict]] = {}
    left: list[EventDict] = []
    for instant, event in drawn:
        tied = chosen.setdefault((*identity(event), instant), [])
        if all(is_clear(event, other) for other in tied):
            tied.append(event)
            left.append(event)
    return left


def identity(event: EventDict) -> tuple[Any, ...]:
    """Name what an event is a version of."""
    if event["type"] in REFERENCES:
        key = [str(event.get(field)) for field in KEYS[event["type"]]]
        return (event["type"], *key, event["id"])
    if event["type"] in TOMBSTONES:
        return "fate", event["subject"], event["id"]
    group = "account" if event["type"] in OF_ACCOUNTS else "sales"
    return group, event["subject"], event["id"]


def is_clear(one: EventDict, other: EventDict) -> bool:
    """Tell whether every serialization puts the two in the same order."""
    if one.keys() != other.keys():
        return False
    differing = [field for field in one if one[field] != other[field]]
    return not differing or (len(differing) == 1 and isinstance(one[differing[0]], str))


def settings_of_reporting() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a firm may set: its zone, currency, and where weeks and fiscal years begin."""
    return st.fixed_dictionaries(
        {
            "timezone": st.sampled_from(TIMEZONES),
            "currency": st.sampled_from(CURRENCIES),
            "week_start": st.integers(0, 6),
            "fiscal_start": st.integers(1, 12),
        }
    )


@st.composite
def nows(draw: st.DrawFn, history: list[EventDict]) -> int:
    """Draw an instant to report at: near one of the events, or long after them all."""
    instants = [milliseconds(event["at"]) for event in history] or [milliseconds(SLICES[0])]
    later = draw(
        st.sampled_from((*DISTANCES_MS, 32 * DAY_MS, 60 * DAY_MS, 120 * DAY_MS, 400 * DAY_MS))
    )
    return draw(st.sampled_from(instants)) + later
