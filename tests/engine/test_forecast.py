"""What a window will come to: by hand, and how often the range holds on a made-up company."""

from collections.abc import Mapping
from math import sqrt
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.algebra.money import Exact
from streams.engine.plans.forecast import (
    Due,
    WinRate,
    expected,
    likely,
    win_rate,
)

HALF = WinRate(10, 20)


class Forecast(NamedTuple):
    """What is expected, and from and to what."""

    value: int
    p10: int
    p90: int


def forecast(seed: str, key: str, revenue: int, stages: Mapping[str, Due]) -> Forecast:
    """Give value and range."""
    return Forecast(
        expected(revenue, [[due] for due in stages.values()]), *likely(seed, key, revenue, stages)
    )


def test_open_deals_count_at_the_win_rate_of_their_stage() -> None:
    # 500.00 won; 1,000.00 and 200.00 at 10 of 20; 333.33 at 7 of 30, 77.777 to 77.78.
    stages = {"offer": Due((100_000, 20_000), HALF), "demo": Due((33_333,), WinRate(7, 30))}
    assert forecast("seed", "key", 50_000, stages).value == 50_000 + 60_000 + 7_778


def test_each_stage_is_rounded_half_up_once() -> None:
    assert expected(0, [[Due((1, 1, 1), HALF)], [Due((1,), HALF)]]) == 2 + 1
    # 0.5 and 0.5 of one stage are 1.
    assert expected(0, [[Due((1,), HALF), Due((2,), WinRate(1, 4, is_measured=False))]]) == 1


def test_nothing_open_is_what_is_won() -> None:
    assert forecast("seed", "key", 700, {}) == Forecast(700, 700, 700)


def test_win_rate_is_measured_from_the_floor_on_and_below_it_the_deals_or_the_stages() -> None:
    own, configured = Exact(9, 10), Exact(4, 10)
    assert win_rate(5, 20, 20, own, configured) == WinRate(5, 20)
    assert win_rate(5, 19, 20, own, configured) == WinRate(9, 10, is_measured=False)
    assert win_rate(5, 19, 20, None, configured) == WinRate(4, 10, is_measured=False)
    assert win_rate(5, 19, 20, None, None) is None
    assert win_rate(0, 0, 0, None, None) is None


def test_configured_rate_is_used_as_it_is() -> None:
    sure, never = (Due((500,), WinRate(n, 1, is_measured=False)) for n in (1, 0))
    assert forecast("seed", "key", 0, {"offer": sure}) == Forecast(500, 500, 500)
    assert forecast("seed", "key", 0, {"offer": never}) == Forecast(0, 0, 0)


def test_stage_that_always_won_is_expected_to_win() -> None:
    assert forecast("seed", "key", 1, {"offer": Due((5, 6), WinRate(20, 20))}) == Forecast(
        12, 12, 12
    )


def test_many_equal_deals_are_as_spread_as_the_binomial_law_demands() -> None:
    # 400 deals at 1 of 2, measured on so many that the rate itself is sure: 200 +- 1.2816 x 10.
    due = Due((100,) * 400, WinRate(500_000, 1_000_000))
    found = forecast("seed", "key", 0, {"offer": due})
    assert found.value == 20_000
    assert found.p10 == pytest.approx(20_000 - 1_282, abs=250)
    assert found.p90 == pytest.approx(20_000 + 1_282, abs=250)


def test_short_history_makes_the_range_wider() -> None:
    few, many = (Due((100,) * 400, WinRate(n // 2, n)) for n in (20, 1_000_000))
    narrow, wide = (forecast("seed", "key", 0, {"offer": due}) for due in (many, few))
    assert wide.p90 - wide.p10 > 3 * (narrow.p90 - narrow.p10)


def test_a_deal_of_a_negative_amount_subtracts() -> None:
    found = forecast("seed", "key", 0, {"offer": Due((-1_000, 300), HALF)})
    assert found == Forecast(-350, -1_000, 300)


def test_amounts_beyond_64_bits_are_added_up_exactly() -> None:
    huge = 10**30
    due = Due((huge, 1), WinRate(1, 1, is_measured=False))
    assert forecast("seed", "key", 0, {"offer": due}) == Forecast(huge + 1, huge + 1, huge + 1)
    # One of four draws has neither, one has both; the odd unit is taken off in half of them.
    found = forecast("seed", "key", 0, {"offer": Due((huge, huge, -1), HALF)})
    assert found.p10 in (-1, 0)
    assert found.p90 in (2 * huge - 1, 2 * huge)


def test_forecast_is_the_same_on_every_machine() -> None:
    stages = {
        "offer": Due([number**3 for number in range(1, 40)], WinRate(30, 70)),
        "demo": Due([number**4 for number in range(1, 20)], WinRate(7, 30)),
    }
    found = forecast("7", "forecast|all|month|2026-03-01", 0, stages)
    assert found == Forecast(value=392032, p10=226745, p90=539269)


AMOUNTS = st.lists(st.integers(-(10**9), 10**12), min_size=0, max_size=6)
RATES = st.integers(1, 60).flatmap(
    lambda closed: st.builds(WinRate, st.integers(0, closed), st.just(closed), st.booleans())
)
STAGES = st.dictionaries(st.text("ab", max_size=2), st.builds(Due, AMOUNTS, RATES), max_size=3)


@given(STAGES, st.integers(-(10**9), 10**12), st.data())
def test_order_of_stages_and_amounts_does_not_matter(
    stages: dict[str, Due], revenue: int, data: st.DataObject
) -> None:
    again = {
        stage: Due(data.draw(st.permutations(stages[stage].amounts)), stages[stage].rate)
        for stage in data.draw(st.permutations(sorted(stages)))
    }
    assert forecast("seed", "key", revenue, again) == forecast("seed", "key", revenue, stages)


@given(STAGES, st.integers(-(10**9), 10**12))
def test_range_lies_between_the_worst_and_the_best_that_can_happen(
    stages: dict[str, Due], revenue: int
) -> None:
    found = forecast("seed", "key", revenue, stages)
    amounts = [amount for due in stages.values() for amount in due.amounts]
    worst = revenue + sum(amount for amount in amounts if amount < 0)
    best = revenue + sum(amount for amount in amounts if amount > 0)
    assert worst <= found.p10 <= found.p90 <= best


@given(st.integers(0, 10**6), st.integers(20, 500), st.data())
def test_range_of_a_dozen_deals_holds_the_value(
    seed: int, closed: int, data: st.DataObject
) -> None:
    """Where every deal may well win or lose; a few unlikely ones have no such middle."""
    won = data.draw(st.integers(closed * 3 // 10, closed * 7 // 10))
    amounts = data.draw(st.lists(st.integers(800, 1200), min_size=12, max_size=40))
    found = forecast(str(seed), "key", 0, {"offer": Due(amounts, WinRate(won, closed))})
    assert found.p10 <= found.value <= found.p90


# What each stage of the made-up company truly wins, and how many deals it has closed there.
TRUTH = {"demo": (0.15, 400), "offer": (0.35, 150), "contract": (0.7, 60), "legal": (0.9, 25)}


def month(chance: Random, number: int, deals: int) -> tuple[Forecast, int]:
    """Play one month: what was forecast from the history alone, and what then came in."""
    stages: dict[str, Due] = {}
    outcome = 0
    for stage, (truth, closed) in TRUTH.items():
        won = sum(chance.random() < truth for _ in range(closed))
        amounts = [int(chance.lognormvariate(8, 1) * 100) for _ in range(deals)]
        stages[stage] = Due(amounts, WinRate(won, closed))
        outcome += sum(amount for amount in amounts if chance.random() < truth)
    return forecast("seed", f"month {number}", 0, stages), outcome


@pytest.mark.parametrize(("deals", "each"), [(3, 400), (10, 200)])
def test_eight_of_ten_months_end_within_the_range(deals: int, each: int) -> None:
    # Several companies, for one company's luck is one draw: what is not the product's is seeded.
    months = [
        month(chance, number, deals) for chance in map(Random, range(5)) for number in range(each)
    ]
    inside = sum(found.p10 <= outcome <= found.p90 for found, outcome in months) / len(months)
    # Three standard deviations of so many tries, and 0.01 for the coarseness of 500 draws.
    assert inside == pytest.approx(0.8, abs=3 * sqrt(0.8 * 0.2 / len(months)) + 0.01)
    below = sum(outcome < found.p10 for found, outcome in months) / len(months)
    assert below == pytest.approx(0.1, abs=3 * sqrt(0.1 * 0.9 / len(months)) + 0.01)


def test_range_of_a_few_deals_holds_more_often_than_it_has_to() -> None:
    """Four deals have 16 outcomes: the range ends on one of them, and holds it."""
    chance = Random(0)
    months = [month(chance, number, 1) for number in range(600)]
    inside = sum(found.p10 <= outcome <= found.p90 for found, outcome in months) / len(months)
    assert inside > 0.85


def test_value_is_right_on_average() -> None:
    chance = Random(5)
    months = [month(chance, number, 5) for number in range(600)]
    promised = sum(found.value for found, _ in months)
    came = sum(outcome for _, outcome in months)
    assert came / promised == pytest.approx(1, abs=0.05)
