"""A level at any time is the sum of the steps before it, held against adding them up."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpis.story import (
    DAY,
    Said,
    Told,
    deal,
    instant,
    told,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 60 * 24


class Opening(NamedTuple):
    """A deal in hours since the begin, and its amount in euros; never closed: None."""

    opened: int
    closed: int | None
    amount: int


openings = st.builds(
    lambda opened, length, amount: Opening(opened, length and opened + length, amount),
    st.integers(0, HOURS),
    st.none() | st.integers(1, HOURS),
    st.integers(-5, 500),
)


def hour(number: int) -> str:
    """Write an hour since the begin out."""
    return (BEGIN + timedelta(hours=number)).isoformat()


def events(stories: list[Opening]) -> list[Said]:
    """Tell of deals that open and close."""
    found = []
    for number, story in enumerate(stories):
        name = f"deal-{number}"
        found.append(deal(hour(story.opened), name, amount=str(story.amount)))
        if story.closed is not None:
            found.append(deal(hour(story.closed), name, status="lost"))
    return found


def added_up(stories: list[Opening], at: int) -> tuple[int, int]:
    """Give number and amount of the deals that are open just before an instant."""
    begin = instant(BEGIN.isoformat())

    def is_past(number: int | None) -> bool:
        return number is not None and begin + number * 3_600_000 < at

    still = [s for s in stories if is_past(s.opened) and not is_past(s.closed)]
    return len(still), sum(s.amount for s in still)


def levels(found: Told) -> dict[tuple[str, str], dict[str, int]]:
    """Give the two levels of each window that is published, by the window's start and end."""
    kept: dict[tuple[str, str], dict[str, int]] = {}
    for record in found.records:
        if record["kpi"] in ("pipeline_count", "pipeline_amount") and not record["scope"]:
            window = kept.setdefault((record["start"], record["end"]), {})
            window[record["kpi"]] = record["parts"]["level"]
    return kept


@settings(max_examples=40)
@given(st.lists(openings, max_size=6), st.integers(0, 3 * HOURS))
def test_level_is_the_sum_of_every_step_before_the_windows_end(
    stories: list[Opening], now: int
) -> None:
    found = told(*events(stories), now=hour(now))
    for (_, end), level in levels(found).items():
        # A step at now has happened.
        at = min(instant(end), instant(hour(now)) + 1)
        number, amount = added_up(stories, at)
        assert level == {"pipeline_count": number, "pipeline_amount": amount * 100}


@settings(max_examples=40)
@given(st.lists(openings, min_size=1, max_size=6), st.integers(0, 3 * HOURS))
def test_level_is_published_for_every_day_with_a_step_and_for_today(
    stories: list[Opening], now: int
) -> None:
    found = told(*events(stories), now=hour(now))
    steps = [at for s in stories for at in (s.opened, s.closed) if at is not None and at <= now]
    days = {hour(at)[:10] for at in [*steps, *([now] if steps else [])]}
    published = {
        record["start"][:10]
        for record in found.records
        if (record["kpi"], record["window"]) == ("pipeline_count", "day") and not record["scope"]
    }
    assert published == days


@settings(max_examples=40)
@given(st.lists(openings, max_size=6), st.integers(0, HOURS), st.integers(0, HOURS))
def test_level_of_a_day_that_is_over_does_not_change_as_time_passes(
    stories: list[Opening], now: int, later: int
) -> None:
    def over(found: Told) -> dict[tuple[str, str], int]:
        limit = instant(hour(now))
        return {
            (record["start"], record["kpi"]): record["parts"]["level"]
            for record in found.records
            if record["kpi"].startswith("pipeline_")
            and "level" in record["parts"]
            and instant(record["end"]) <= limit
            and instant(record["end"]) - instant(record["start"]) == DAY
            and not record["scope"]
        }

    assert over(told(*events(stories), now=hour(now))) == over(
        told(*events(stories), now=hour(now + later))
    )
