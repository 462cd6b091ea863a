"""Which cells an aggregator gives first, and that it gives each change once."""

import json

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.publish_priority import Priority
from streams.events import Event, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import instant, lead

NOW = instant("03-20 12:00")
CATALOGUE = catalogue(Settings())
TODAY = CATALOGUE.calendar.day(NOW)


def aggregator_of(created: str) -> Aggregator:
    """An aggregator that knows one lead and has given nothing of it."""
    aggregator = Aggregator(CATALOGUE, NOW)
    event = decode(json.dumps(lead(created, rep="ann", channel="web", product="p")).encode())
    assert isinstance(event, Event)
    aggregator.add(event)
    while aggregator.apply_pending(NOW):
        pass
    return aggregator


def given(aggregator: Aggregator, priority: Priority) -> set[str]:
    """Cells up to a priority; hours without their instant."""
    cells = (cell.partition("|") for cell in aggregator.changed_cells(priority))
    return {f"{'hour' if when[0] == 'h' else when}|{scope}" for when, _, scope in cells}


def test_cells_of_the_running_day_come_first_then_members_then_the_rest() -> None:
    aggregator = aggregator_of("03-20 09:00")
    assert given(aggregator, Priority.FIRST) == {f"{TODAY}|"}
    assert given(aggregator, Priority.NEXT) == {f"{TODAY}|rep=ann", f"{TODAY}|channel=web", "hour|"}
    assert aggregator.has_unpublished
    rest = given(aggregator, Priority.LATER)
    assert {"hour|rep=ann", "hour|channel=web"} <= rest
    assert not aggregator.has_unpublished


@pytest.mark.parametrize(
    ("created", "is_looked_at"), [("03-19 09:00", True), ("03-18 09:00", False)]
)
def test_cells_of_days_long_past_come_later(created: str, is_looked_at: bool) -> None:
    aggregator = aggregator_of(created)
    # Some steps of a lead follow its creation: of its day nothing may come before.
    day = CATALOGUE.calendar.day(instant(created))
    first = given(aggregator, Priority.NEXT)
    assert (f"{day}|" in first, f"{day}|rep=ann" in first) == (is_looked_at, is_looked_at)
    assert f"{day}|rep=ann" in first | given(aggregator, Priority.LATER)


def test_all_cells_of_any_priority_are_those_of_the_lowest() -> None:
    by_steps, at_once = aggregator_of("03-20 09:00"), aggregator_of("03-20 09:00")
    found = {
        cell: value for each in Priority for cell, value in by_steps.changed_cells(each).items()
    }
    assert found == at_once.changed_cells()
