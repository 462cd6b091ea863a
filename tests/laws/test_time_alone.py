"""Time passes and nothing happens: stocks rise and windows roll as a replay has them.

In four zones, over the midnights at which their clocks change (Tehran and Kolkata keep theirs)
and over the end of a month and a quarter.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from tests.alerts.current import current_alerts
from tests.kpis.story import (
    deal,
    invoice,
    lead,
    told,
)
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)
from tests.laws.test_law_of_sets import Stream

# The nights in 2026 at which New York and Sofia change their clocks, and ends of months.
NIGHTS = ("2026-03-08", "2026-03-29", "2026-03-31", "2026-10-25", "2026-10-31", "2026-11-01")
ZONES = ("Asia/Tehran", "Europe/Sofia", "America/New_York", "Asia/Kolkata")


def midnight_after(day: str, zone: str) -> int:
    """Give the local midnight at the end of a date, in milliseconds."""
    morrow = date.fromisoformat(day) + timedelta(days=1)
    return milliseconds(datetime(morrow.year, morrow.month, morrow.day, tzinfo=ZoneInfo(zone)))


def written(at: int) -> str:
    """Write an instant as an event does."""
    return (
        datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(milliseconds=at)
    ).isoformat()


def story(day: str, midnight: int) -> list[EventDict]:
    """A lead an hour before, a deal and an invoice due that day, a deal 30 days before."""
    hour, month = 3_600_000, 30 * 86_400_000
    due = date.fromisoformat(day).strftime("%m-%d")
    return [
        lead(written(midnight - hour)),
        deal(written(midnight - month), "old", subject="lead-2", status="open", amount="10"),
        deal(
            written(midnight - 2 * hour),
            "due",
            subject="lead-3",
            status="open",
            amount="500",
            expected_close=day,
        ),
        invoice(written(midnight - 2 * hour), "70", due),
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", NIGHTS)
def test_at_midnight_everything_that_was_due_is_late_and_not_a_moment_before(
    night: str, zone: str
) -> None:
    midnight = midnight_after(night, zone)
    events = story(night, midnight)
    before, after = (
        told(*events, now=written(at), timezone=zone) for at in (midnight - 1, midnight)
    )
    for kpi, value in (
        ("unanswered_leads", 1),
        ("stale_opportunities", 1),
        ("expired_pipeline", "500.00"),
        ("overdue", "70.00"),
    ):
        assert kpi not in before, kpi
        assert after[kpi, "all", "day"] == value
    assert before["lead_count", "all", "day"] == 1
    assert ("lead_count", "all", "day") not in after
    assert not current_alerts(*events, now=written(midnight - 1), timezone=zone)
    assert {
        key.partition("|")[0]
        for key in current_alerts(*events, now=written(midnight), timezone=zone)
    } == {
        "lead_unanswered",
        "opportunity_stale",
        "opportunity_expired",
        "invoice_overdue",
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", NIGHTS)
def test_a_stream_without_new_events_publishes_what_a_replay_does_at_every_instant(
    night: str, zone: str
) -> None:
    midnight, hour, day = midnight_after(night, zone), 3_600_000, 86_400_000
    events = story(night, midnight)
    stream, reader = (
        Stream(Settings(timezone=zone, now=midnight - hour), midnight - 2 * hour),
        Reader(),
    )
    arriving = events
    for now in (
        midnight - hour,
        midnight - 1,
        midnight,
        midnight + hour,
        midnight + day,
        midnight + 40 * day,
    ):
        stream.process(arriving, now)
        arriving = []
        reader.read(stream.mergers)
        assert reader.records == bodies(events, Settings(timezone=zone, now=now))
