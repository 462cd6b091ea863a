"""What a rule pays: by hand, and the laws that hold for every rule."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.plans.commission import (
    Accelerator,
    CommissionRule,
    Payout,
    Tier,
    payouts,
    split,
    text,
)

FIVE_PERCENT = (Tier(Fraction(0), Fraction("0.05")),)
STAIRS = (
    Tier(Fraction(0), Fraction("0.02")),
    Tier(Fraction(10_000), Fraction("0.05")),
    Tier(Fraction(50_000), Fraction("0.08")),
)


def rule(tiers: tuple[Tier, ...] = FIVE_PERCENT, **others: Any) -> CommissionRule:
    """Make a rule over revenue won in a month."""
    return CommissionRule("own", "revenue_won", "month", tiers, **others)


def paid(
    it: CommissionRule, base: str | Fraction, attainment: str | None = None, digits: int = 2
) -> list[Payout]:
    """Pay Ann, or those who share."""
    reached = None if attainment is None else Fraction(attainment)
    return payouts(it, "ann", Fraction(base), reached, "EUR" if digits else "JPY", digits)


def minor(it: CommissionRule, base: str | Fraction, attainment: str | None = None) -> int:
    """Give what Ann alone is paid, in cents."""
    (payout,) = paid(it, base, attainment)
    assert payout.rep == "ann"
    return payout.minor


def test_five_percent_of_1234_euros_and_50_cents_are_61_euros_and_73_cents() -> None:
    assert minor(rule(), "1234.50") == 6173  # 61.725


def test_a_yen_has_no_minor_unit() -> None:
    assert [it.minor for it in paid(rule(), "1230", digits=0)] == [62]  # 61.5


def test_each_tier_pays_its_own_rate_for_what_falls_in_it() -> None:
    # 10,000 x 2 % + 40,000 x 5 % + 10,000 x 8 %
    assert minor(rule(STAIRS), "60000") == (200 + 2_000 + 800) * 100


def test_nothing_is_paid_below_a_first_tier_that_begins_above_zero() -> None:
    above = rule((Tier(Fraction(10_000), Fraction("0.1")),))
    assert minor(above, "9999.99") == 0
    assert minor(above, "10001") == 10


def test_money_given_back_reduces_commission() -> None:
    assert minor(rule(), "-100") == -500
    assert minor(rule(STAIRS), "-100") == -200


@pytest.mark.parametrize(
    ("attainment", "cents"),
    [(None, 5_000), ("0.99", 5_000), ("1", 7_500), ("1.19", 7_500), ("1.2", 10_000)],
)
def test_accelerator_counts_from_its_attainment_on_for_the_whole_amount(
    attainment: str | None, cents: int
) -> None:
    steps = (
        Accelerator(Fraction(1), Fraction("1.5")),
        Accelerator(Fraction("1.2"), Fraction(2)),
    )
    assert minor(rule(accelerators=steps), "1000", attainment) == cents


def test_cap_ends_what_is_paid_and_the_trace_shows_it() -> None:
    capped = rule(cap=Fraction(40))
    below, above = paid(capped, "800")[0], paid(capped, "800.20")[0]
    assert (below.minor, below.trace["capped"]) == (4_000, False)
    assert (above.minor, above.trace["capped"]) == (4_000, True)
    assert above.trace["earned"] == "40.01"


def test_cap_finer_than_the_currency_is_not_rounded_up() -> None:
    assert minor(rule(cap=Fraction("10.005")), "1000") == 1_000


def test_team_shares_what_its_value_pays() -> None:
    shared = rule(
        scope=("team", "south"),
        splits=(("ann", Fraction("0.6")), ("bob", Fraction("0.4"))),
    )
    assert {it.rep: it.minor for it in paid(shared, "1000")} == {"ann": 3_000, "bob": 2_000}


def test_odd_cent_goes_to_the_largest_remainder_and_else_by_name() -> None:
    third = Fraction(1, 3)
    # 33.33 each, one cent is left.
    assert split(10_000, {"bob": third, "ann": third, "eve": third}) == {
        "bob": 3_333,
        "ann": 3_334,
        "eve": 3_333,
    }
    # 0.2, 0.3 and 0.5 cents.
    shares = {"ann": Fraction("0.2"), "bob": Fraction("0.3"), "eve": Fraction("0.5")}
    assert split(1, shares) == {"ann": 0, "bob": 0, "eve": 1}


def test_trace_can_be_followed_by_a_person() -> None:
    it = rule(
        STAIRS[:2],
        accelerators=(Accelerator(Fraction(1), Fraction("1.5")),),
        cap=Fraction(500),
        scope=("team", "south"),
        splits=(("ann", Fraction("0.25")), ("bob", Fraction("0.75"))),
    )
    assert paid(it, "13000.01", "1.3")[0].trace == {
        "rule": "own",
        "kpi": "revenue_won",
        "scope": {"team": "south"},
        "base": "13000.01",
        "tiers": [
            {"from": "0", "rate": "0.02", "amount": "10000", "part": "200"},
            {"from": "10000", "rate": "0.05", "amount": "3000.01", "part": "150.0005"},
        ],
        "attainment": "1.3",
        "times": "1.5",
        "earned": "525.00075",
        "cap": "500",
        "capped": True,
        "paid": "500.00",
        "share": "0.25",
        "sum": 12_500,
    }


def test_rule_pays_those_it_names_or_all() -> None:
    shared = rule(scope=("team", "south"), splits=(("ann", Fraction(1)),))
    assert [it.pays("ann") for it in (rule(), rule(reps=frozenset({"bob"})), shared)] == [
        True,
        False,
        True,
    ]
    assert (rule().scope_of("ann"), shared.scope_of("ann")) == ("rep=ann", "team=south")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *(("0", "0"), ("12", "12"), ("-12.50", "-12.5"), ("0.005", "0.005"), ("-1/8", "-0.125")),
        *(("1/3", "1/3"), ("-22/7", "-22/7"), ("1000000", "1000000")),
    ],
)
def test_numbers_are_written_exactly(value: str, written: str) -> None:
    assert text(Fraction(value)) == written


@given(st.fractions())
def test_written_number_is_read_as_the_same(value: Fraction) -> None:
    assert Fraction(text(value)) == value


DECIMALS = st.decimals(0, 10**6, places=2).map(Fraction)
TIERS = st.builds(
    lambda starts, rates: tuple(map(Tier, sorted(starts), rates)),
    st.sets(DECIMALS, min_size=1, max_size=4),
    st.lists(st.decimals(0, 2, places=4).map(Fraction), min_size=4, max_size=4),
)
ACCELERATORS = st.builds(
    lambda froms, times: tuple(map(Accelerator, sorted(froms), times)),
    st.sets(st.decimals(0, 3, places=2).map(Fraction), max_size=3),
    st.lists(st.decimals(0, 4, places=2).map(Fraction), min_size=3, max_size=3),
)
WEIGHTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(1, 9), min_size=1)
SHARES = WEIGHTS.map(
    lambda weights: {name: Fraction(n, sum(weights.values())) for name, n in weights.items()}
)
RULES = st.builds(
    lambda tiers, steps, cap, shares: rule(
        tiers,
        accelerators=steps,
        cap=cap,
        scope=("team", "south") if shares else None,
        splits=tuple(shares.items()),
    ),
    TIERS,
    ACCELERATORS,
    st.none() | st.decimals(0, 5000, places=3).map(Fraction),
    st.just({}) | SHARES,
)
BASES = st.fractions(-(10**7), 10**7, max_denominator=1000)
ATTAINMENTS = st.none() | st.fractions(-1, 4)
DIGITS = st.sampled_from((0, 2, 3))


def whole(it: CommissionRule, base: Fraction, attainment: Fraction | None, digits: int = 2) -> int:
    """Give what is paid to all together."""
    return sum(p.minor for p in payouts(it, "ann", base, attainment, "EUR", digits))


@given(RULES, BASES, BASES, ATTAINMENTS)
def test_who_sells_more_is_not_paid_less(
    it: CommissionRule, one: Fraction, other: Fraction, attainment: Fraction | None
) -> None:
    less, more = sorted((one, other))
    assert whole(it, less, attainment) <= whole(it, more, attainment)


@given(RULES, BASES, ATTAINMENTS, DIGITS)
def test_cap_is_never_exceeded(
    it: CommissionRule, base: Fraction, attainment: Fraction | None, digits: int
) -> None:
    if it.cap is not None:
        assert Fraction(whole(it, base, attainment, digits), 10**digits) <= it.cap


@given(st.integers(-(10**12), 10**12), SHARES)
def test_split_adds_up_and_no_rep_is_a_minor_unit_off(
    amount: int, shares: dict[str, Fraction]
) -> None:
    own = split(amount, shares)
    assert sum(own.values()) == amount
    assert all(abs(own[name] - amount * share) < 1 for name, share in shares.items())


@given(TIERS, st.fractions(0, 10**7, max_denominator=1000))
def test_tiers_are_the_integral_of_the_rate(tiers: tuple[Tier, ...], base: Fraction) -> None:
    def rate(at: Fraction) -> Fraction:
        """Give the rate of the unit sold at a point."""
        return next((tier.rate for tier in reversed(tiers) if tier.start <= at), Fraction())

    points = sorted({Fraction(), base, *(t.start for t in tiers if t.start < base)})
    area = sum((rate(low) * (high - low) for low, high in pairwise(points)), Fraction())
    (payout,) = payouts(rule(tiers), "ann", base, None, "EUR", 2)
    assert Fraction(payout.trace["earned"]) == area


@given(RULES, BASES, ATTAINMENTS)
def test_trace_can_be_recomputed(
    it: CommissionRule, base: Fraction, attainment: Fraction | None
) -> None:
    for payout in payouts(it, "ann", base, attainment, "EUR", 2):
        trace = payout.trace
        parts = [Fraction(t["amount"]) * Fraction(t["rate"]) for t in trace["tiers"]]
        assert parts == [Fraction(t["part"]) for t in trace["tiers"]]
        earned = sum(parts, Fraction()) * Fraction(trace["times"])
        assert earned == Fraction(trace["earned"])
        own = Fraction(trace["paid"]) * Fraction(trace["share"]) * 100
        assert abs(own - trace["sum"]) < 1
        assert trace["sum"] == payout.minor
        if not trace["capped"]:
            assert abs(Fraction(trace["paid"]) - earned) <= Fraction(1, 200)
