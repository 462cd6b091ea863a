"""What a record says of its target and of its siblings."""

from typing import Any

import pytest

from streams.operations.replay import BadLine
from tests.kpis.story import (
    DAY,
    Said,
    Told,
    deal,
    lead,
    lost,
    target,
    told,
    won,
)

HALF = "03-16 12:00"  # half of March: 15.5 of 31 days


def aimed(found: Told, *picked: str) -> dict[str, Any]:
    """Give what a record says of its target."""
    record = found.record(*picked)
    assert record is not None
    names = ("target", "attainment", "expected", "pace", "projected")
    return {name: record[name] for name in names}


NOTHING = dict.fromkeys(("target", "attainment", "expected", "pace", "projected"))


def test_without_a_target_a_record_has_no_target_fields() -> None:
    assert aimed(told(won("03-10 09:00")), "revenue_won") == NOTHING


def test_what_adds_up_should_have_come_as_far_as_its_window_has() -> None:
    found = told(won("03-10 09:00", amount="300"), target("revenue_won", "1000"), now=HALF)
    assert aimed(found, "revenue_won") == {
        "target": "1000.00",
        "attainment": 0.3,
        "expected": "500.00",
        "pace": 0.6,
        "projected": "600.00",
    }


def test_targets_of_counts_have_decimals_and_whole_ones_are_whole() -> None:
    found = told(lead("03-10 09:00"), target("lead_count", "5"), now=HALF)
    assert aimed(found, "lead_count") == {
        "target": 5,
        "attainment": 0.2,
        "expected": 2.5,
        "pace": 0.4,
        "projected": 2.0,
    }
    assert aimed(told(target("lead_count", "2.5")), "lead_count")["target"] == 2.5


def test_a_rate_should_be_there_all_the_time() -> None:
    found = told(
        won("03-10 09:00"), lost("03-11 09:00", "b"), target("close_rate", "0.4"), now=HALF
    )
    assert aimed(found, "close_rate") == {
        "target": 0.4,
        "attainment": 1.25,
        "expected": 0.4,
        "pace": 1.25,
        "projected": 0.5,
    }


def test_a_stock_should_be_there_all_the_time() -> None:
    found = told(deal("03-10 09:00", amount="50"), target("pipeline_amount", "200"), now=HALF)
    assert aimed(found, "pipeline_amount")["expected"] == "200.00"
    assert aimed(found, "pipeline_amount")["projected"] == "50.00"


def test_where_lower_is_better_attainment_is_target_by_value() -> None:
    events = [
        deal("03-01 09:00", "a", "a"),
        won("03-09 09:00", "a", subject="a"),
        target("cycle_time", str(4 * DAY)),
    ]
    # Won after eight days, to be won after four.
    assert aimed(told(*events), "cycle_time") == {
        "target": 4 * DAY,
        "attainment": 0.5,
        "expected": 4 * DAY,
        "pace": 0.5,
        "projected": 8 * DAY,
    }


def test_a_window_that_is_over_expects_the_whole_target() -> None:
    events = [won("02-10 09:00", amount="300"), target("revenue_won", "1000")]
    assert aimed(told(*events), "revenue_won", "all", "month", "2026-02") == {
        "target": "1000.00",
        "attainment": 0.3,
        "expected": "1000.00",
        "pace": 0.3,
        "projected": "300.00",
    }


def test_at_its_first_instant_a_window_expects_nothing_and_projects_nothing() -> None:
    found = told(target("revenue_won", "1000"), now="03-01 00:00")
    assert aimed(found, "revenue_won") == {
        "target": "1000.00",
        "attainment": 0.0,
        "expected": "0.00",
        "pace": None,
        "projected": None,
    }


def test_money_is_rounded_half_up_to_minor_units() -> None:
    found = told(won("03-10 09:00"), target("revenue_won", "0.125"), now=HALF)
    said = aimed(found, "revenue_won")
    assert (said["target"], said["expected"]) == ("0.13", "0.07")  # half of 13 cents: 6.5


def test_value_that_is_null_attains_nothing() -> None:
    found = told(target("close_rate", "0.4"))
    assert aimed(found, "close_rate")["attainment"] is None
    assert aimed(found, "close_rate")["projected"] is None


def test_target_of_nothing_cannot_be_attained() -> None:
    assert aimed(told(won("03-10 09:00"), target("revenue_won", "0")), "revenue_won") == {
        "target": "0.00",
        "attainment": None,
        "expected": "0.00",
        "pace": None,
        "projected": "158.97",  # 100 x 31 days / 19.5 days
    }


def test_target_with_a_start_goes_before_one_without() -> None:
    events = [
        won("02-10 09:00"),
        won("03-10 09:00", "b"),
        target("revenue_won", "1000"),
        target("revenue_won", "400", start="2026-02-14"),
    ]
    found = told(*events)
    assert aimed(found, "revenue_won")["target"] == "1000.00"
    assert aimed(found, "revenue_won", "all", "month", "2026-02")["target"] == "400.00"


def test_of_several_targets_the_newest_stands_whenever_it_comes() -> None:
    old = target("revenue_won", "1000", at="02-01 00:00")
    new = target("revenue_won", "400", at="02-02 00:00")
    for events in ([old, new], [new, old]):
        assert aimed(told(*events), "revenue_won")["target"] == "400.00"


@pytest.mark.parametrize(
    ("amount", "days", "met"), [("999.99", 3, (False, True)), ("1000", 4, (True, True))]
)
def test_target_is_met_once_it_is_reached_and_where_lower_is_better_unless_exceeded(
    amount: str, days: int, met: tuple[bool, bool]
) -> None:
    found = told(
        deal("03-01 09:00", "a", "a"),
        won(f"03-{1 + days:02} 09:00", "a", amount, subject="a"),
        target("revenue_won", "1000"),
        target("cycle_time", str(4 * DAY)),
    )
    records = [found.record(kpi) for kpi in ("revenue_won", "cycle_time")]
    assert tuple(record and record["met"] for record in records) == met


def test_target_that_is_exceeded_where_lower_is_better_is_not_met() -> None:
    events = [deal("03-01 09:00", "a", "a"), won("03-09 09:00", "a", subject="a")]
    record = told(*events, target("cycle_time", str(4 * DAY))).record("cycle_time")
    assert record is not None
    assert record["met"] is False


def test_without_a_target_or_a_value_nothing_is_met_or_missed() -> None:
    for found, kpi in (
        (told(won("03-10 09:00")), "revenue_won"),
        (told(target("close_rate", "0.4")), "close_rate"),
    ):
        record = found.record(kpi)
        assert record is not None
        assert record["met"] is None


@pytest.mark.parametrize(
    "aim",
    [
        target("no_such_kpi", "1"),
        target("unpriced_facts", "1", scope={"rep": "ann"}),
        target("partner_quality", "1"),
        target("cost_per_lead", "1", scope={"rep": "ann"}),
    ],
    ids=["unknown", "only for all", "not for all", "another dimension"],
)
def test_target_for_what_is_not_published_is_refused(aim: Said) -> None:
    with pytest.raises(BadLine):
        told(aim)


def test_derived_kpi_can_have_a_target() -> None:
    found = told(target("partner_quality", "80", scope={"partner": "north"}))
    assert aimed(found, "partner_quality", "partner=north")["target"] == 80.0
