"""Masks of priorities: each KPI is in that of its own priority, in every window."""

import pytest

from streams.config.settings import Settings
from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.publish_priority import Priority, priority_of
from streams.engine.merge.state.kpi_index import KpiIndex, KpiMask
from streams.engine.merge.state.priorities import Priorities
from streams.wiring.catalogue import catalogue

CATALOGUE = catalogue(Settings())
INDEX = KpiIndex((*CATALOGUE.kpis, *CATALOGUE.derived))
TODAY = 739_694  # Thursday, 19 March 2026
CALENDAR = CATALOGUE.calendar
RUNNING = [*CALENDAR.windows_of(TODAY), *CALENDAR.rolling(TODAY)]
PAST = CALENDAR.windows_of(TODAY - 400)


@pytest.mark.parametrize("dimension", ["", "rep", "team", "channel", "product", "country"])
@pytest.mark.parametrize(
    ("windows", "is_current"), [(RUNNING, True), (PAST, False)], ids=["running", "past"]
)
def test_every_kpi_is_in_the_mask_of_its_priority(
    dimension: str, windows: list[Window], is_current: bool
) -> None:
    made = Priorities(INDEX, CALENDAR, TODAY)
    for window in windows:
        expected = [KpiMask(0) for _ in Priority]
        for number, kpi in enumerate(INDEX.kpis):
            expected[priority_of(kpi, dimension, window.kind, is_current)] |= 1 << number
        assert list(made.of(dimension, window)) == expected
