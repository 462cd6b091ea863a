"""Short nasty histories for the laws: few subjects, the same ids and instants again and again."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.histories.events import (
    EVENT_FIELDS,
    REFERENCES,
    TOMBSTONES,
    subject_of,
)
from tests.histories.focuses import FOCUSES
from tests.histories.scribe import (
    DAY_MS,
    EPOCH,
    HOUR_MS,
    MINUTE_MS,
    EventDict,
)
from tests.oracle.history.events import label

TIMEZONES = (
    *("UTC", "Asia/Tehran", "Europe/Sofia", "Europe/Berlin", "America/New_York"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo"),
)
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
    "2026-04-04T15:00:00Z",  # Lord Howe shows half an hour twice
    "2026-10-03T15:30:00Z",  # Lord Howe skips half an hour
    "2018-11-04T03:00:00Z",  # São Paulo skips midnight
    "2026-03-31T18:15:00Z",  # midnight in Kathmandu, the start of April
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
# Those of digits alone come first, by number.
IDS = (*(f"e{number}" for number in range(1, 21)), "7", "9", "10", "100", "9a", "10a")
PATCHES = ("rep.set", "account.set")
# Strategies made once: Hypothesis examines each new one, which takes longer than a draw.
SLICE = st.sampled_from(SLICES)
DISTANCE = st.sampled_from(DISTANCES_MS) | st.integers(-3 * DAY_MS, 3 * DAY_MS)
OFFSET, FINER = st.sampled_from(OFFSETS_MINUTES), st.sampled_from(FINER_MICROSECONDS)
FOCUS = st.sampled_from(tuple(FOCUSES))
KINDS_OF = {focus: st.sampled_from(kinds) for focus, kinds in FOCUSES.items()}
SIZE, ID = st.integers(0, MOST_EVENTS), st.sampled_from(IDS)
SEQUENCE: st.SearchStrategy[EventDict] = st.sampled_from(
    ({}, {}, {}, {"seq": 0}, {"seq": 1}, {"seq": 2})
)
DIGIT, IS_LATER = st.integers(0, 9), st.booleans()
REPORTING: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "timezone": st.sampled_from(TIMEZONES),
        "currency": st.sampled_from(CURRENCIES),
        "week_start": st.integers(0, 6),
        "fiscal_start": st.integers(1, 12),
    }
)
LATER = st.sampled_from((*DISTANCES_MS, *(days * DAY_MS for days in (32, 60, 120, 400))))


def milliseconds(text: str) -> int:
    """Read one of the instants above."""
    return (EPOCH.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


@st.composite
def times(draw: st.DrawFn, part: int) -> tuple[int, str]:
    """Draw an instant near a turn of the clock: its millisecond, and how an event writes it."""
    instant = part + draw(DISTANCE)
    return instant, written(instant, draw(OFFSET), draw(FINER))


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
    share their id. Copies of an event come with another time, with other content, or with both.
    """
    part = milliseconds(draw(SLICE))
    kinds = KINDS_OF[focus or draw(FOCUS)]
    size = draw(SIZE)
    near = times(part)
    drawn: list[EventDict] = []
    for kind in draw(st.lists(kinds, min_size=size, max_size=size)):
        _, at = draw(near)
        fields = draw(EVENT_FIELDS[kind])
        # Merges and erasures have ids of their own.
        prefix = "fate-" if kind in TOMBSTONES else ""
        event = {
            "id": prefix + draw(ID),
            "type": kind,
            "at": at,
            **subject_of(draw, kind, fields),
            **draw(SEQUENCE),
        }
        drawn.append(event | fields)
        if draw(DIGIT) == 0:
            drawn.append(draw(versions(near, event | fields)))
    return without_unclear(drawn)[:MOST_EVENTS]


@st.composite
def crowds(draw: st.DrawFn) -> list[EventDict]:
    """Draw more lost deals than a record has labels, each with its own reason or a common one."""
    size = draw(st.integers(95, 130))
    common = draw(st.sets(st.integers(0, size - 1), max_size=10))
    name = draw(st.sampled_from(("other", "price")))
    deal = {"type": "deal.changed", "at": SLICES[7], "status": "lost", "rep": "ann"}
    return [
        {
            **deal,
            "id": f"{number}",
            "subject": "lead-1",
            "deal": f"deal-{number}",
            "reason": name if number in common else f"{scattered(number)} {'z' * 220}",
        }
        for number in range(size)
    ]


def scattered(number: int) -> int:
    """A number whose text sorts otherwise than the number."""
    return number * 7919 % 1009


@st.composite
def versions(
    draw: st.DrawFn, near: st.SearchStrategy[tuple[int, str]], event: EventDict
) -> EventDict:
    """Draw another version of an event: the same id, other content, a while later or at once."""
    at = draw(near)[1] if draw(IS_LATER) else event["at"]
    fields = draw(EVENT_FIELDS[event["type"]])
    changeable = sorted(event.keys() & fields.keys() - {"rep", "scope", "kpi", "window"})
    if not changeable:
        return {**event, "at": at}
    field = draw(st.sampled_from(changeable))
    return {**event, "at": at, field: fields[field]}


def without_unclear(drawn: list[EventDict]) -> list[EventDict]:
    """Leave out events whose tie with an earlier one the contract does not decide.

    Such are versions of one instant that differ in more than one text; events that get the
    same place once their subjects are merged; and reference records of one key and instant.
    """
    chosen: dict[tuple[Any, ...], list[EventDict]] = {}
    left: list[EventDict] = []
    for event in drawn:
        tied = chosen.setdefault(place(event), [])
        if all(is_clear(event, other) for other in tied):
            tied.append(event)
            left.append(event)
    return left


def place(event: EventDict) -> tuple[Any, ...]:
    """Name what an event is tied with, whatever else is different."""
    kind, instant = event["type"], milliseconds(event["at"])
    if kind in PATCHES:
        # A record that repeats an id may be a version of the other, or another patch.
        return (kind, label(event[KEYS[kind][0]]), event["id"])
    if kind in REFERENCES and KEYS[kind]:
        return (kind, *(label(str(event.get(field))) for field in KEYS[kind]), instant)
    return (kind, event["id"], event.get("seq") or 0, instant)


def is_clear(one: EventDict, other: EventDict) -> bool:
    """Whether every serialization puts the two versions in the same order."""
    if one.keys() != other.keys() or one.get("subject") != other.get("subject"):
        return False
    differing = [field for field in one if one[field] != other[field]]
    if one["type"] in REFERENCES or not differing:
        return not differing
    texts = [one[differing[0]], other[differing[0]]]
    if len(differing) > 1 or not all(isinstance(text, str) and text for text in texts):
        return False
    return differing[0] not in ("at", "seq") and sorted(texts) == sorted(texts, key=label)


def settings_of_reporting() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a firm may set: its zone, currency, and where weeks and fiscal years begin."""
    return REPORTING


@st.composite
def nows(draw: st.DrawFn, history: list[EventDict]) -> int:
    """Draw an instant to report at: near one of the events, or long after them all."""
    instants = [milliseconds(event["at"]) for event in history] or [milliseconds(SLICES[0])]
    later = draw(LATER)
    return draw(st.sampled_from(instants)) + later
