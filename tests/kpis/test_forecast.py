"""What running windows will come to: by hand, over the whole way from events to records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    Said,
    Told,
    deal,
    deleted,
    lost,
    member,
    rate,
    told,
    won,
)

Foretold = Callable[..., Told]


@pytest.fixture
def foretold(tmp_path: Path) -> Foretold:
    """Tell a story where two closed deals of a stage are history enough."""

    def tell(*events: Said, **options: Any) -> Told:
        file = tmp_path / "rules.toml"
        file.write_text("[forecast]\nfloor = 2\n")
        return told(*events, rules=file, **options)

    return tell


# One of two deals that were ever in `offer` was won, none of them in March.
HISTORY = (
    won("02-10 09:00", "old-1", "100", stage="offer", rep="bob"),
    lost("02-11 09:00", "old-2", "100", stage="offer", rep="bob"),
)


def open_deal(name: str, amount: str, closes: str, **fields: Any) -> Said:
    """Ann has an open deal in `offer` that should close on a date such as `03-25`."""
    usual = {"stage": "offer", "rep": "ann", "amount": amount, "expected_close": f"2026-{closes}"}
    return deal("03-01 09:00", name, **(usual | fields))


def test_forecast_is_what_is_won_and_open_deals_at_their_stages_win_rate(
    foretold: Foretold,
) -> None:
    found = foretold(
        *HISTORY,
        won("03-05 09:00", "new", "50"),
        open_deal("deal-1", "1000", "03-25"),
        open_deal("deal-2", "333.33", "03-31"),
        open_deal("deal-3", "7000", "04-01"),
    )
    # 50.00 + 1,333.33 x 1 / 2, to a cent.
    assert found["forecast"] == "716.67"
    assert found.parts("forecast") == {
        "revenue_won": {"sum": 5_000},
        "open": {"offer": {"sum": 133_333, "count": 2, "won": 1, "closed": 2}},
    }
    record = found.record("forecast")
    assert record is not None
    assert record["unit"] == "money:EUR"
    # Of 1 in 2 won, a draw has 0, 1 / 2 or 1 as the rate: all and nothing are both likely.
    assert record["percentiles"] == {"p10": "50.00", "p90": "1383.33"}


def test_windows_of_a_forecast_are_those_that_run_and_are_long_enough(foretold: Foretold) -> None:
    found = foretold(*HISTORY, open_deal("deal-1", "1000", "03-20"), won("02-01 09:00", "w"))
    unchanged = {r["window"] for r in found.records if r["kpi"] == "forecast"}
    assert unchanged == {"week", "month", "quarter", "year"}
    assert ("forecast", "all", "month", "2026-02") not in found


def test_deal_past_its_expected_day_still_counts_while_its_window_runs(
    foretold: Foretold,
) -> None:
    found = foretold(*HISTORY, open_deal("deal-1", "1000", "03-02"))
    assert found["forecast", "rep=ann"] == "500.00"
    assert ("forecast", "rep=ann", "week") not in found


def test_win_rate_is_the_companys_and_the_deals_are_the_reps(foretold: Foretold) -> None:
    found = foretold(
        *HISTORY,
        member("ann", team="south"),
        member("bob", team="south"),
        open_deal("deal-1", "1000", "03-25"),
        open_deal("deal-2", "10", "03-25", rep="bob"),
    )
    assert found["forecast", "rep=ann"] == "500.00"
    assert found["forecast", "team=south"] == "505.00"
    assert found["forecast", "rep=ann", "quarter"] == "500.00"
    # Bob's quarter has a win of 100, and his open deal.
    assert found["forecast", "rep=bob", "quarter"] == "105.00"
    assert found.scopes("forecast") == {"all", "rep=ann", "rep=bob", "team=south"}


def test_below_the_floor_the_configured_rate_counts_or_else_nothing(foretold: Foretold) -> None:
    deals = HISTORY[0], open_deal("deal-1", "1000", "03-25")
    assert foretold(*deals, stage_probability={"offer": "0.3"})["forecast"] == "300.00"
    parts = foretold(*deals, stage_probability={"offer": "0.3"}).parts("forecast")
    assert parts["open"] == {"offer": {"sum": 100_000, "count": 1, "won": 1, "closed": 1}}
    found = foretold(*deals)
    assert found["forecast"] == "0.00"
    assert found.parts("forecast")["open"] == {}


def test_below_the_floor_a_deals_own_probability_is_before_its_stages(foretold: Foretold) -> None:
    found = foretold(
        HISTORY[0],
        open_deal("deal-1", "1000", "03-25", probability=0.7),
        open_deal("deal-2", "100", "03-25"),
        open_deal("deal-3", "10", "03-25", stage="", probability=0.1),
        open_deal("deal-4", "5000", "03-25", stage=""),
        stage_probability={"offer": "0.3"},
    )
    # 700 + 30 + 1; nothing is known of the last one.
    assert found["forecast"] == "731.00"
    assert found.parts("forecast")["open"] == {
        "": {"sum": 1_000, "count": 1, "won": 0, "closed": 0},
        "offer": {"sum": 110_000, "count": 2, "won": 1, "closed": 1},
    }
    # With history enough the stage's own rate is before both.
    found = foretold(*HISTORY, open_deal("deal-1", "1000", "03-25", probability=0.7))
    assert found["forecast"] == "500.00"


def test_twenty_closed_deals_are_enough_by_default() -> None:
    history = [
        (won if n < 5 else lost)("02-10 09:00", f"old-{n}", "100", stage="offer") for n in range(20)
    ]
    deals = (open_deal("deal-1", "1000", "03-25"),)
    assert told(*history, *deals)["forecast"] == "250.00"
    assert told(*history[1:], *deals)["forecast"] == "0.00"


def test_closed_deal_counts_in_every_stage_it_was_ever_in(foretold: Foretold) -> None:
    found = foretold(
        deal("02-01 09:00", "old-1", stage="demo"),
        won("02-10 09:00", "old-1", "100", stage="offer"),
        lost("02-10 09:00", "old-2", "100", stage="demo"),
        lost("02-10 09:00", "old-3", "100", stage="demo"),
        open_deal("deal-1", "900", "03-25", stage="demo"),
    )
    assert found["forecast"] == "300.00"


def test_deal_reopened_or_deleted_leaves_the_win_rate(foretold: Foretold) -> None:
    third = lost("02-12 09:00", "old-3", "100", stage="offer")
    ours = open_deal("deal-1", "900", "03-25")
    assert foretold(*HISTORY, third, ours)["forecast"] == "300.00"
    reopened = deal("03-01 09:00", "old-3", status="open")
    assert foretold(*HISTORY, third, reopened, ours)["forecast"] == "450.00"
    gone = deleted("03-01 09:00", "old-3")
    assert foretold(*HISTORY, third, gone, ours)["forecast"] == "450.00"


def test_deal_that_closes_is_won_or_gone(foretold: Foretold) -> None:
    ours = open_deal("deal-1", "900", "03-25")
    win = deal("03-10 09:00", "deal-1", status="won")
    assert foretold(*HISTORY, ours, win)["forecast", "rep=ann"] == "900.00"
    loss = deal("03-10 09:00", "deal-1", status="lost")
    assert ("forecast", "rep=ann") not in foretold(*HISTORY, ours, loss)


def test_deal_without_amount_rate_stage_or_date_is_left_out(foretold: Foretold) -> None:
    found = foretold(
        *HISTORY,
        open_deal("deal-1", "900", "03-25"),
        deal("03-01 09:00", "deal-2", stage="offer", expected_close="2026-03-25"),
        open_deal("deal-3", "900", "03-25", currency="USD"),
        deal("03-01 09:00", "deal-4", amount="900", expected_close="2026-03-25"),
        deal("03-01 09:00", "deal-5", amount="900", stage="offer"),
    )
    assert found["forecast"] == "450.00"
    assert "forecast" not in str(found.parts("unpriced_facts"))


def test_open_deal_is_worth_what_it_was_on_the_day_it_was_created(foretold: Foretold) -> None:
    found = foretold(
        *HISTORY,
        open_deal("deal-1", "1000", "03-25", currency="USD"),
        rate("USD", "02-01", "0.9"),
        rate("USD", "03-10", "0.8"),
    )
    assert found["forecast"] == "450.00"


def test_deal_created_later_than_now_waits(foretold: Foretold) -> None:
    later = deal("03-21 09:00", "deal-1", amount="100", stage="offer", expected_close="2026-03-25")
    assert ("forecast", "all", "week") not in foretold(*HISTORY, later)


def test_range_depends_on_the_seed_and_on_nothing_else(tmp_path: Path) -> None:
    history = [
        (won if n < 15 else lost)("01-10 09:00", f"old-{n}", "100", stage="offer")
        for n in range(30)
    ]
    deals = [open_deal(f"deal-{n}", f"{100 + n * n}", "03-25") for n in range(20)]
    ranges = []
    for seed, events in (
        ("one", [*history, *deals]),
        ("one", [*reversed(deals), *reversed(history)]),
        ("two", [*history, *deals]),
    ):
        file = tmp_path / "rules.toml"
        file.write_text(f'[forecast]\nseed = "{seed}"\n')
        record = told(*events, rules=file).record("forecast")
        assert record is not None
        ranges.append(tuple(record["percentiles"].values()))
        low, high = map(float, ranges[-1])
        assert low < float(record["value"]) < high
    assert ranges[0] == ranges[1]
    assert ranges[0] != ranges[2]


def test_parts_name_the_hundred_stages_with_most_deals_and_sum_up_the_rest() -> None:
    opened = [
        deal(
            "03-10 09:00", f"d{n}", amount="10", stage=f"stage {n:03}", expected_close="2026-03-30"
        )
        for n in range(103)
    ]
    table = {f"stage {n:03}": "0.5" for n in range(103)}
    found = told(*opened, stage_probability=table)
    stages = found.parts("forecast")["open"]
    assert len(stages) == 101
    assert stages["stage 099"] == {"sum": 1_000, "count": 1, "won": 0, "closed": 0}
    assert stages["other"] == {"sum": 3_000, "count": 3, "won": 0, "closed": 0}
    assert found["forecast"] == "515.00"
