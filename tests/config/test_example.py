"""The example that is shipped: it can be used as it stands, and pays what its comments say."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from streams.config.rules import Rules, read
from streams.config.settings import Settings
from streams.engine.plans.commission import CommissionRule, payouts
from streams.wiring.catalogue import catalogue

FILE = Path(__file__).parents[2] / "deploy" / "rules.example.toml"


@pytest.fixture(scope="module")
def rules() -> Rules:
    """Read it under the whole catalogue."""
    assert catalogue(Settings()).kpis
    return read(FILE)


def named(rules: Rules, name: str) -> CommissionRule:
    """Find a rule."""
    return next(rule for rule in rules.commission if rule.name == name)


@pytest.mark.parametrize(
    ("name", "base", "attainment", "euros"),
    [
        ("Own deals", "12340", None, "617"),
        ("Leads brought in", "7", None, "17.50"),
        ("Quarter in steps", "120000", None, "4200"),
        ("Quarter in steps", "120000", "1", "6300"),
        ("Quarter in steps", "300000", "2", "15000"),
        ("Team south", "90000", None, "900"),
    ],
)
def test_example_pays_as_documented(
    rules: Rules, name: str, base: str, attainment: str | None, euros: str
) -> None:
    reached = None if attainment is None else Fraction(attainment)
    paid = payouts(named(rules, name), "ann", Fraction(base), reached, "EUR", 2)
    assert sum(it.minor for it in paid) == Fraction(euros) * 100


def test_example_has_the_defaults_of_the_forecast(rules: Rules) -> None:
    assert rules.forecast == Rules().forecast


def test_example_has_the_defaults_of_alerts(rules: Rules) -> None:
    usual = Rules().alerts
    assert usual.opportunity_stale is not None
    # Left out it follows SALES_KPIS_STALE_DAYS, which is 30 unless set.
    stale = replace(usual.opportunity_stale, after_ms=Settings().stale_days * 86_400_000)
    assert rules.alerts == replace(usual, opportunity_stale=stale)
