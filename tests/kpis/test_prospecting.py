"""What looking for new customers costs, and who answers: by hand."""

from tests.kpis.story import (
    HOUR,
    activity,
    told,
)


def test_response_rate_is_responses_over_outreach() -> None:
    found = told(
        activity("03-02 09:00", "prospecting", "rep:ann", outreach=40, responses=6, channel="mail"),
        activity("03-03 09:00", "prospecting", "rep:ann", outreach=10),
        activity("03-04 09:00", "prospecting", "rep:bob", rep="bob", responses=2, channel="web"),
        # Neither is told, and another kind.
        activity("03-05 09:00", "prospecting", "rep:ann", hours="1"),
        activity("03-06 09:00", "social", "rep:ann", outreach=1_000),
    )
    assert found.parts("response_rate") == {"hits": 8, "total": 50}
    assert found["response_rate"] == 0.16
    assert found["response_rate", "channel=mail"] == 6 / 40
    assert found["response_rate", "rep=ann"] == 6 / 50
    assert ("response_rate", "all", "day", "2026-03-05") not in found


def test_responses_without_outreach_are_no_rate() -> None:
    found = told(
        activity("03-04 09:00", "prospecting", rep="bob", responses=2, channel="web"),
        activity("03-05 09:00", "prospecting", rep="cleo", outreach=0),
    )
    assert found["response_rate", "rep=bob"] is None
    assert found.parts("response_rate", "rep=bob") == {"hits": 2, "total": 0}
    assert found["response_rate", "rep=cleo"] is None


def test_prospecting_hours_are_exact_milliseconds() -> None:
    found = told(
        activity("03-02 09:00", "prospecting", "rep:ann", hours="1.5", channel="mail"),
        activity("03-03 09:00", "prospecting", "rep:ann", hours="0.25"),
        activity("03-04 09:00", "prospecting", "rep:ann"),
        activity("03-05 09:00", "meeting", "rep:ann", hours="8"),
    )
    assert found["prospecting_hours"] == 1.75 * HOUR
    assert found.parts("prospecting_hours", "channel=mail") == {"sum": 5_400_000}
    record = found.record("prospecting_hours")
    assert record is not None
    assert record["unit"] == "ms"


def test_hours_are_rounded_half_up_each() -> None:
    # 0.00000125 hours are 4.5 ms: twice 5.
    twice = [activity(f"03-0{n} 09:00", "prospecting", hours="0.00000125") for n in (2, 3)]
    assert told(*twice)["prospecting_hours"] == 10


def test_corrected_and_late_hours_count_once_and_when_they_were() -> None:
    first = activity("02-10 09:00", "prospecting", hours="3")
    found = told(
        activity("02-10 10:00", "prospecting", hours="2") | {"id": first["id"]},
        first,
        activity("02-09 09:00", "prospecting", hours="1", rep=""),
    )
    assert found["prospecting_hours", "all", "month", "2026-02"] == 3 * HOUR
    assert found["prospecting_hours", "rep=ann", "month", "2026-02"] == 2 * HOUR
    assert found.scopes("prospecting_hours") == {"all", "rep=ann"}
