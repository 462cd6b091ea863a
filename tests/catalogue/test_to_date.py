"""A running window beside as many days of the one before, by hand."""

from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    Told,
    deal,
    lead,
    spent,
    target,
    told,
    won,
)


def compared(
    found: Told, kpi: str, scope: str = "all", window: str = "month", start: str = ""
) -> tuple[Any, Any, Any]:
    """Give `previous`, `previous_to_date` and `change_to_date`."""
    record = found.record(kpi, scope, window, start)
    assert record is not None
    return record["previous"], record["previous_to_date"], record["change_to_date"]


SALES = (
    won("02-05 09:00", "a", "100"),
    won("2026-02-20T23:59:59.999Z", "b", "200"),
    won("02-21 00:00", "c", "400"),
    won("03-10 09:00", "d", "1000"),
)


def test_month_is_compared_with_as_many_days_of_the_month_before() -> None:
    # The 20th day of March runs.
    assert compared(told(*SALES), "revenue_won") == ("700.00", "300.00", "700.00")


def test_longer_month_is_compared_with_all_of_a_shorter_one() -> None:
    for now in ("03-28 12:00", "03-31 12:00"):
        assert compared(told(*SALES, now=now), "revenue_won") == ("700.00", "700.00", "300.00")
    found = told(*SALES, won("02-28 09:00", "e", "1"), now="03-27 12:00")
    assert compared(found, "revenue_won") == ("701.00", "700.00", "300.00")


@pytest.mark.parametrize(
    ("window", "last", "options"),
    [
        # Friday: Monday the 9th to Friday the 13th.
        ("week", "2026-03-13", {}),
        # The week began on Sunday: the 8th to the 13th.
        ("week", "2026-03-13", {"week_start": 6}),
        # 20 March is day 79 of the quarter, as 18 December is of the one before.
        ("quarter", "2025-12-18", {}),
        ("year", "2025-03-20", {}),
        # Day 354 since 1 April 2025; since 1 April 2024 that is 20 March 2025.
        ("year", "2025-03-20", {"fiscal_start": 4}),
    ],
)
def test_every_long_window_is_compared_with_as_many_days(
    window: str, last: str, options: dict[str, Any]
) -> None:
    events = [lead("03-20 09:00", "now"), lead(f"{last}T23:59:59Z", "last")]
    found = told(*events, **options)
    assert compared(found, "lead_count", "all", window)[1:] == (1, 0)
    later = lead(f"{last}T23:59:59Z", "last") | {"at": f"{last[:8]}{int(last[8:]) + 1}T00:00:00Z"}
    assert compared(told(events[0], later, **options), "lead_count", "all", window)[1:] == (0, 1)


def test_stock_is_compared_with_that_at_the_end_of_the_day() -> None:
    found = told(
        deal("02-10 09:00", "a", amount="50"),
        deal("02-25 09:00", "b", amount="30"),
        deal("03-10 09:00", "c", amount="7"),
    )
    # 87 now, 80 at the end of February, 50 at the end of 20 February.
    assert compared(found, "pipeline_amount") == ("80.00", "50.00", "37.00")


def test_derived_kpi_is_computed_of_those_days_alone() -> None:
    found = told(
        *(lead(f"02-{day} 09:00", f"lead-{day}") for day in ("05", "10", "25")),
        spent("02-06 09:00", "10"),
        spent("02-25 09:00", "20"),
        lead("03-10 09:00", "lead-3"),
        spent("03-10 09:00", "6"),
    )
    # 30 for three leads; by the 20th 10 for two.
    assert compared(found, "cost_per_lead") == ("10.00", "5.00", "1.00")


def test_partner_is_compared_with_the_best_ones_of_those_days() -> None:
    found = told(
        won("02-05 09:00", "a", "100", partner="north"),
        won("02-25 09:00", "b", "300", partner="south"),
        won("02-26 09:00", "c", "100", partner="south"),
        won("03-10 09:00", "d", "10", partner="north"),
    )
    # Of all February: 50 x 1/2 + 50 x 100/400. By the 20th nobody else had sold.
    assert compared(found, "partner_quality", "partner=north") == (37.5, 100.0, 0.0)


def test_what_a_target_is_missed_by_is_compared_with_the_target_of_the_window_before() -> None:
    found = told(
        deal("02-10 09:00", "a", amount="50"),
        won("02-11 09:00", "b", "60"),
        won("02-25 09:00", "c", "20"),
        target("revenue_won", "100", start="2026-02-01"),
        target("revenue_won", "150", start="2026-03-01"),
    )
    # Open 50 all the time: of 20 missing, of 40 missing by the 20th, and now of 150.
    assert compared(found, "pipeline_coverage") == (2.5, 1.25, -0.916666666667)


def test_without_facts_there_is_nothing_to_compare_with() -> None:
    found = told(lead("03-10 09:00"))
    assert compared(found, "lead_count") == (0, 0, 1)
    assert compared(found, "response_within_hour") == (None, None, None)


@pytest.mark.parametrize(
    ("window", "start"),
    [("day", ""), ("last_30d", ""), ("month", "2026-02"), ("week", "2026-02-16")],
)
def test_days_rolling_windows_and_windows_that_are_over_are_not_compared_to_date(
    window: str, start: str
) -> None:
    found = told(*SALES[:2], won("03-20 09:00", "d", "1000"))
    assert compared(found, "revenue_won", "all", window, start)[1:] == (None, None)


def test_period_of_weeks_is_compared_with_as_many_days(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[calendar]\nfiscal_calendar = "445"\n')
    # 23 February begins five weeks, of which 20 March is day 26; 26 January began four.
    for day, number in (("02-20", 1), ("02-21", 0)):
        found = told(lead(f"{day} 09:00", "a"), lead("03-20 09:00", "b"), rules=rules)
        assert compared(found, "lead_count")[1] == number
