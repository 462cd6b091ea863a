"""Quiet hours, on clocks that change, against looking at every minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules.notify.quiet import QuietHours
from streams.notify.core.quiet import quiet_until

SOFIA = ZoneInfo("Europe/Sofia")
NIGHT = QuietHours(begins=20 * 60, ends=7 * 60)
MINUTE_MS = 60_000


def ms(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-06-01T19:59:59.999+03:00", None),
        ("2026-06-01T20:00:00+03:00", "2026-06-02T07:00:00+03:00"),
        ("2026-06-02T06:59:59.999+03:00", "2026-06-02T07:00:00+03:00"),
        ("2026-06-02T07:00:00+03:00", None),
    ],
)
def test_night_is_quiet_on_the_reps_clock(at: str, until: str | None) -> None:
    assert quiet_until(NIGHT, SOFIA, ms(at)) == (until and ms(until))


def test_quiet_days_run_into_the_quiet_night() -> None:
    hours = QuietHours(begins=20 * 60, ends=7 * 60, days=frozenset({5, 6}))
    friday, monday = "2026-06-05T20:00:00+03:00", "2026-06-08T07:00:00+03:00"
    assert quiet_until(hours, SOFIA, ms(friday)) == ms(monday)


def test_night_in_which_the_clock_is_set_forward_is_an_hour_shorter() -> None:
    at, until = "2026-03-28T20:00:00+02:00", "2026-03-29T07:00:00+03:00"
    assert quiet_until(NIGHT, SOFIA, ms(at)) == ms(until)


def is_quiet(hours: QuietHours, zone: ZoneInfo, at: int) -> bool:
    """Look at the clock and at the calendar: the oracle."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    minutes = local.hour * 60 + local.minute
    if local.weekday() in hours.days:
        return True
    if hours.begins < hours.ends:
        return hours.begins <= minutes < hours.ends
    return hours.begins > hours.ends and not hours.ends <= minutes < hours.begins


@given(
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
    days=st.sets(st.integers(0, 6), max_size=2),
    zone=st.sampled_from(
        ["Europe/Sofia", "Asia/Tehran", "America/St_Johns", "Australia/Lord_Howe", "UTC"]
    ),
    minutes=st.integers(0, 366 * 24 * 60),
)
def test_end_is_the_first_minute_that_is_not_quiet(
    begins: int, ends: int, days: set[int], zone: str, minutes: int
) -> None:
    hours, clock = QuietHours(begins=begins, ends=ends, days=frozenset(days)), ZoneInfo(zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    at = round(start.timestamp() * 1000)
    until = None
    while is_quiet(hours, clock, at if until is None else until):
        until = (at if until is None else until) + MINUTE_MS
    assert quiet_until(hours, clock, at) == until
