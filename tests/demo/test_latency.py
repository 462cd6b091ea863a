"""The latency from posting a call to the record that counts it."""

from streams.demo.simulation.company import EventData
from streams.demo.terminal.shown_values import LatencyMeter
from streams.engine.calendars.calendar import Calendar

KEY = "call_count|rep=Ana Ruiz|day|2026-03-04T00:00:00+00:00"


def a_call(number: int) -> EventData:
    at = "2026-03-04T15:00:00+00:00"
    return {"type": "call.ended", "id": f"c{number}", "at": at, "rep": "Ana Ruiz"}


def counted(calls: int) -> bytes:
    return b'{"parts":{"count":%d}}' % calls


def meter() -> LatencyMeter:
    return LatencyMeter(Calendar("UTC"))


def test_there_is_no_median_before_the_first_call_is_counted() -> None:
    latency = meter()
    latency.posted(a_call(1), 10.0)
    assert latency.median_ms is None


def test_call_is_timed_up_to_the_record_that_counts_it() -> None:
    latency = meter()
    latency.posted(a_call(1), None)
    latency.posted(a_call(2), 10.0)
    latency.posted(a_call(3), 10.1)
    medians = []
    for count, at in ((1, 10.2), (2, 10.25), (3, 10.45)):
        latency.read(KEY, counted(count), at)
        medians.append(latency.median_ms)
    assert medians == [None, 250, 300]


def test_repeated_call_is_not_counted_twice() -> None:
    latency = meter()
    latency.posted(a_call(1), 10.0)
    latency.posted(a_call(1), 11.0)
    latency.read(KEY, counted(1), 11.5)
    assert latency.median_ms == 1_500


def test_counts_ahead_of_what_was_posted_are_not_measured() -> None:
    latency = meter()
    latency.posted(a_call(1), 10.0)
    latency.read(KEY, counted(7), 10.1)
    assert latency.median_ms is None
