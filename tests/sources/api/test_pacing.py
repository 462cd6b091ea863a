"""Requests keep their distance, and pauses grow."""

import pytest

from streams.sources.api.pacing import LONGEST_PAUSE_MS, Pace, is_later, pause, retry_after


def test_requests_have_the_interval_between_them() -> None:
    pace = Pace(250)
    assert [pace.reserve(now) for now in (0, 0, 100, 2_000)] == [0, 250, 400, 0]


def test_held_pace_lets_nothing_through_before() -> None:
    pace = Pace(250)
    pace.hold(5_000)
    assert [pace.reserve(now) for now in (1_000, 1_000)] == [4_000, 4_250]


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause(tries, None) for tries in (1, 2, 3, 50)] == [
        1_000,
        2_000,
        4_000,
        LONGEST_PAUSE_MS,
    ]


def test_pause_is_as_long_as_was_asked() -> None:
    assert pause(1, 30_000) == 30_000
    assert pause(9, 0) == 1_000


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("7", 7_000),
        ("0.5", 500),
        ("999999999", 3_600_000),
        ("Wed, 18 Nov 2026 11:06:50 GMT", 10_000),
        ("Wed, 18 Nov 2020 11:06:50 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(written: str, ms: int | None) -> None:
    assert retry_after({"retry-after": written}, 1_795_000_000_000) == ms


def test_refused_request_does_not_come_right_by_itself() -> None:
    assert [is_later(status) for status in (400, 422, 429, 401, 500, 503)] == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]
