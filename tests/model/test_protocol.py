"""The protocol keeps its promises in every schedule, and without any one rule it does not."""

from dataclasses import replace

import pytest

from tests.model.playing import first_caught, many
from tests.model.rules import (
    MUTANTS,
    PROTOCOL,
    Mutant,
)

# Together 10,000; `make chaos-long` plays 100,000.
SCHEDULES = 5_000


@pytest.mark.parametrize("late", [True, False], ids=["late requests", "none late"])
def test_protocol_keeps_its_promises(late: bool) -> None:
    found, seen = many(replace(PROTOCOL, late=late), SCHEDULES)
    assert found.is_clean, found
    # The schedules are as hard as they are meant to be.
    assert seen["fenced"] > SCHEDULES
    assert seen["killed"] > SCHEDULES
    assert (seen["torn"] > SCHEDULES) is late


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=list(MUTANTS))
def test_protocol_without_one_rule_is_caught(mutant: Mutant) -> None:
    assert first_caught(mutant.rules, mutant.schedules, mutant.first) is not None, mutant.rule
