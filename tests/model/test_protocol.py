"""The protocol keeps its promises in every schedule, and without any one rule it does not."""

from dataclasses import replace

import pytest

from tests.model.judge import play
from tests.model.playing import first_caught, many
from tests.model.rules import (
    MUTANTS,
    PROTOCOL,
    Mutant,
)

# Together 1,000; `make chaos-long` plays 100,000.
SCHEDULES = 500


@pytest.mark.parametrize("late", [True, False], ids=["late requests", "none late"])
def test_protocol_keeps_its_promises(late: bool) -> None:
    found, seen = many(replace(PROTOCOL, late=late), SCHEDULES)
    assert found.is_clean, found
    # The schedules are as hard as they are meant to be.
    assert seen["fenced"] > SCHEDULES
    assert seen["killed"] > SCHEDULES
    assert seen["committed by a sender"] > SCHEDULES
    assert seen["aborted by a sender"] > SCHEDULES / 2
    assert seen["left open by a sender"] > SCHEDULES / 4
    assert (seen["torn"] > SCHEDULES) is late


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=list(MUTANTS))
def test_protocol_without_one_rule_is_caught(mutant: Mutant) -> None:
    assert first_caught(mutant.rules, mutant.schedules, mutant.first) is not None, mutant.rule


@pytest.mark.parametrize(
    ("name", "promise"),
    [
        ("uncommitted events", "unexplained"),
        ("past the stable end", "wrong"),
        ("marker not passed", "unread"),
        ("marker is a gap", "gaps"),
    ],
)
def test_mutant_that_misreads_senders_transactions_breaks_the_promise_about_it(
    name: str, promise: str
) -> None:
    assert any(getattr(play(MUTANTS[name].rules, seed)[0], promise) for seed in range(50))
