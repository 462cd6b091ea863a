"""Figures that come from other figures, and the tables of both."""

import pytest

from streams.bench.meter import CPU
from streams.bench.parts.histories import MEMORY, MEMORY_RESTORED, Size, of, ratios, slopes
from streams.bench.results import Quantity, Results

FEW, MANY = Size(1_000, 1), Size(3_000, 1)
RESULTS = Results()
for case, settled, restored, cost in ((FEW, 100, 80, 200), (MANY, 112, 90, 260)):
    for repeat in (-1, 0, 50):
        RESULTS.add("cost", str(case), {of(when, CPU): cost + repeat for when in ("today", "late")})
    RESULTS.add("memory", str(case), {MEMORY: settled, MEMORY_RESTORED: restored})


def test_memory_of_a_lead_is_the_slope_between_two_numbers_of_leads() -> None:
    assert list(slopes(RESULTS, FEW, MANY).values()) == [6.0, 5.0]


def test_cost_is_compared_with_that_of_few_leads_by_the_medians() -> None:
    assert ratios(RESULTS, FEW, MANY) == {
        Quantity(f"{when}: worker's CPU, to 1,000 leads, 1 month", "times"): pytest.approx(1.3)
        for when in ("today", "late")
    }


def test_table_has_a_column_for_each_case_and_a_row_for_each_quantity() -> None:
    table = RESULTS.table("memory")
    assert [each.header for each in table.columns] == ["", "", str(FEW), str(MANY)]
    assert list(table.columns[1].cells) == ["MB", "MB"]
    assert [list(each.cells) for each in table.columns[2:]] == [["100", "80.0"], ["112", "90.0"]]


def test_cell_shows_the_median_between_the_smallest_and_the_largest_repeat() -> None:
    (cell, _) = RESULTS.table("cost").columns[2].cells
    assert cell == "200\n[dim]199–250[/dim]"
