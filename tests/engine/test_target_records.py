"""Records that a target makes, facts or none."""

from typing import Any

import pytest

from tests.kpis.story import deal, lead, target, told, won


@pytest.mark.parametrize("window", ["day", "week", "month", "quarter", "year", "last_30d"])
def test_target_alone_makes_a_record_of_the_running_window(window: str) -> None:
    found = told(target("revenue_won", "1000", window, at="03-20 09:00"))
    record = found.record("revenue_won", "all", window)
    assert record is not None
    assert (record["value"], record["parts"], record["previous"]) == ("0.00", {"sum": 0}, "0.00")
    assert [r["window"] for r in found.records if r["kpi"] == "revenue_won"] == [window]


ANNS = target("revenue_won", "1000", scope={"rep": "ann"}, at="01-01 00:00")


@pytest.mark.parametrize("now", ["06-01 00:00", "2027-06-01T00:00:00Z"])
def test_target_without_a_start_makes_a_record_of_every_window_from_its_time_on(now: str) -> None:
    found = told(won("03-10 09:00", amount="1200", rep="ann"), ANNS, now=now)
    may = found.record("revenue_won", "rep=ann", "month", "2026-05")
    assert may is not None
    assert (may["value"], may["target"], may["met"]) == ("0.00", "1000.00", False)
    assert (may["attainment"], may["expected"], may["final"]) == (0.0, "1000.00", now[:2] == "20")
    march = found.record("revenue_won", "rep=ann", "month", "2026-03")
    assert march is not None
    assert (march["value"], march["met"]) == ("1200.00", True)
    months = [r["start"][:7] for r in found.records if r["kpi"] == "revenue_won" and r["scope"]]
    years = (2026, 2027)
    until = now[:7] if now[:2] == "20" else "2026-06"
    every = [f"{year}-{month:02}" for year in years for month in range(1, 13)]
    assert [month for month in every if month <= until] == sorted({*months} & {*every})


def test_target_without_a_start_counts_in_windows_before_its_time_that_have_facts() -> None:
    events = [won("01-10 09:00", rep="ann"), ANNS | {"at": "2026-03-05T00:00:00Z"}]
    found = told(*events)
    january = found.record("revenue_won", "rep=ann", "month", "2026-01")
    assert january is not None
    assert january["target"] == "1000.00"
    assert found.record("revenue_won", "rep=ann", "month", "2026-02") is None
    assert found["revenue_won", "rep=ann", "month", "2026-03"] == "0.00"


def test_level_with_a_target_has_a_record_of_every_window() -> None:
    events = [
        deal("01-10 09:00", amount="500", rep="ann"),
        deal("04-10 09:00", status="lost"),
        target("pipeline_amount", "400", scope={"rep": "ann"}, at="01-15 00:00"),
    ]
    found = told(*events, now="06-20 12:00")
    records = {
        r["start"][:7]: (r["value"], r["met"])
        for r in found.records
        if (r["kpi"], r["window"], r["scope"]) == ("pipeline_amount", "month", {"rep": "ann"})
    }
    assert records == {
        "2026-01": ("500.00", True),
        "2026-02": ("500.00", True),
        "2026-03": ("500.00", True),
        "2026-04": ("0.00", False),
        "2026-05": ("0.00", False),
        "2026-06": ("0.00", False),
    }


def test_target_with_a_start_makes_a_record_from_its_windows_begin_on() -> None:
    aim = target("revenue_won", "1000", start="2026-02-14")
    assert told(aim, now="2026-01-31T23:59:59.999Z").records == []
    for now in ("02-01 00:00", "04-20 12:00"):
        assert told(aim, now=now)["revenue_won", "all", "month", "2026-02"] == "0.00"


def test_record_of_a_mean_that_only_a_target_made_has_no_percentiles() -> None:
    record = told(target("response_time", "3600000")).record("response_time")
    assert record is not None
    assert record["value"] is None
    assert record["percentiles"] == {"p50": None, "p90": None}


@pytest.mark.parametrize(
    ("kpi", "window", "at", "expected"),
    [
        ("lead_count", "week", "03-03", [("03-02", 0), ("03-09", 1), ("03-16", 0)]),
        ("pipeline_amount", "quarter", "03-03", [("01-01", "5.00")]),
        ("close_rate", "month", "02-03", [("02-01", None), ("03-01", None)]),
        # The tenth has a lead, and so a record without the target.
        ("cost_per_lead", "day", "03-19", [("03-10", "0.00"), ("03-19", None), ("03-20", None)]),
        ("lost_reasons", "last_7d", "03-03", [("03-14", 0)]),
    ],
)
def test_target_of_any_kind_of_kpi_makes_a_record_of_every_window_from_its_time_on(
    kpi: str, window: str, at: str, expected: list[tuple[str, Any]]
) -> None:
    aim = target(kpi, "1", window, at=f"{at} 12:00")
    events = [lead("03-10 09:00"), deal("03-10 09:00", amount="5"), aim]
    records = [
        (record["start"][5:10], record["value"])
        for record in told(*events).records
        if (record["kpi"], record["window"], record["scope"]) == (kpi, window, {})
        and record["target"] is not None
    ]
    assert sorted(records) == expected
