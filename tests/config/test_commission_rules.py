"""Rules of pay: what a file says is what is meant, and what cannot be meant is refused."""

from fractions import Fraction

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules.commission import parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.engine.plans.commission import (
    Accelerator,
    CommissionRule,
    Tier,
)
from streams.wiring.catalogue import catalogue

KPIS = catalogue(Settings()).kpis
OWN = '[[commission]]\nname = "own"\nkpi = "revenue_won"\nwindow = "month"\n'
SHARED = OWN + 'rate = "0.01"\nscope = { team = "south" }\n'


def read(text: str) -> tuple[CommissionRule, ...]:
    """Read a rules file of nothing but pay."""
    return parse(read_table(text, "rules.toml").tables("commission"), KPIS)


def refusal(text: str) -> str:
    """Give the message with which a file is refused."""
    with pytest.raises(BadSetting) as refused:
        read(text)
    return str(refused.value)


def test_plain_rate_is_one_tier_from_zero_for_every_rep() -> None:
    (rule,) = read(OWN + 'rate = "0.05"\n')
    assert rule == CommissionRule(
        "own", "revenue_won", "month", (Tier(Fraction(0), Fraction(5, 100)),)
    )


def test_every_key_is_read() -> None:
    (rule,) = read(
        OWN
        + """
tiers = [
  { from = 0, rate = 0.02 },
  { from = "50000.50", rate = "0.04" },
]
accelerators = [{ from = "1", times = "1.5" }, { from = "1.2", times = 2 }]
cap = 20000
reps = ["ann", "bob"]
"""
    )
    assert rule == CommissionRule(
        "own",
        "revenue_won",
        "month",
        (
            Tier(Fraction(0), Fraction("0.02")),
            Tier(Fraction("50000.50"), Fraction("0.04")),
        ),
        (
            Accelerator(Fraction(1), Fraction("1.5")),
            Accelerator(Fraction("1.2"), Fraction(2)),
        ),
        Fraction(20_000),
        frozenset({"ann", "bob"}),
    )


def test_value_of_a_team_is_shared() -> None:
    (rule,) = read(SHARED + 'splits = { ann = "0.6", bob = 0.4 }\n')
    assert rule.scope == ("team", "south")
    assert dict(rule.splits) == {"ann": Fraction("0.6"), "bob": Fraction("0.4")}


def test_no_rules_are_no_rules() -> None:
    assert read("") == ()


TIERS = "tiers = [\n  {{ from = 0, rate = 0.02 }},\n  {{ from = {}, rate = {} }},\n]\n"
BOTH = 'splits = { ann = "0.6", bob = "0.4" }\n'


@pytest.mark.parametrize(
    ("text", "line", "wrong", "do"),
    [
        (OWN, 1, "rate is missing", "write it down"),
        (OWN + 'rate = "5 %"\n', 5, 'rate is "5 %"', "decimal number"),
        (OWN + "rate = -0.05\n", 5, "rate is -0.05", "not below 0"),
        (OWN + "rate = 0.05\ncap = -1\n", 6, "cap is -1", "not below 0"),
        (OWN + "rate = 0.05\n" + TIERS.format(9, 1), 5, "beside tiers", "leave one"),
        (OWN + "tiers = []\n", 5, "tiers has none", "or a rate"),
        (OWN + TIERS.format(0, 1), 7, "not above that of the tier before", "ascending"),
        (OWN + TIERS.format(9, '"x"'), 7, 'rate is "x"', "decimal number"),
        (
            OWN
            + "rate = 1\naccelerators = [\n{ from = 2, times = 2 },\n{ from = 1, times = 3 }]\n",
            8,
            "not above that of the accelerator before",
            "ascending",
        ),
        (OWN.replace("won", "wun") + "rate = 1\n", 3, 'kpi is "revenue_wun"', "revenue_won?"),
        (
            OWN.replace("revenue_won", "lead_count") + 'scope = { unit = "x" }\nrate = 1\n' + BOTH,
            3,
            "has no value by unit",
            "such as",
        ),
        (OWN.replace("month", "last_7d") + "rate = 1\n", 4, '"last_7d"', "day, week, month"),
        (OWN + "rate = 1\nreps = []\n", 6, "names nobody", "all reps"),
        (OWN + "rate = 1\nrepps = []\n", 6, "is no rule", "did you mean reps?"),
        (OWN + "rate = 1\n" + BOTH, 6, "has no scope", "scope = {"),
        (SHARED, 6, "has no splits", "splits = {"),
        (SHARED + BOTH + 'reps = ["ann"]\n', 8, "beside scope", "splits names"),
        (SHARED + BOTH.replace("0.4", "0.3"), 7, "adds up to 0.9", "add up to 1"),
        (SHARED + BOTH.replace("0.4", "1.4"), 7, "is 1.4", "not above 1"),
        (OWN + 'rate = 1\nscope = { channel = "web" }\n' + BOTH, 6, "names channel", "team"),
        (OWN + "rate = 1\n" + OWN + "rate = 2\n", 7, '"own" twice', "name of its own"),
    ],
)
def test_refusal_names_the_line_and_what_would_do(
    text: str, line: int, wrong: str, do: str
) -> None:
    message = refusal(text)
    assert message.startswith(f"rules.toml line {line}: ")
    assert wrong in message
    assert do in message
