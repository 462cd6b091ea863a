"""Stages: their order in a pipeline, what a deal goes on from, and how surely it is won."""

from pathlib import Path
from typing import Any

import pytest

from tests.kpis.story import (
    Said,
    Told,
    activity,
    deal,
    lost,
    told,
    won,
)

ORDER = ("a", "b", "c", "d")


def stages(*names: str, **fields: Any) -> list[Said]:
    """Move a deal through stages, one a day from 2 March on."""
    return [deal(f"03-{2 + n:02} 09:00", stage=name, **fields) for n, name in enumerate(names)]


def by_stage(found: Told) -> dict[str, tuple[int, int]]:
    """Give hits and total of `stage_conversion` by stage."""
    return {
        scope.removeprefix("stage="): tuple(found.parts("stage_conversion", scope).values())
        for scope in found.scopes("stage_conversion")
        if scope.startswith("stage=")
    }


@pytest.mark.parametrize(
    ("entered", "order", "expected"),
    [
        # From `a` it went back to `c`, which it had been in before.
        ("cac", ORDER, {"c": (0, 1), "a": (1, 1)}),
        ("cac", (), {"c": (1, 1), "a": (0, 1)}),
        ("abab", ORDER, {"a": (1, 1), "b": (0, 1)}),
        ("dcba", ORDER, {"d": (0, 1), "c": (0, 1), "b": (0, 1), "a": (0, 1)}),
        # A stage that the order lacks is later than none.
        ("bx", ORDER, {"b": (0, 1), "x": (0, 1)}),
        ("xb", ORDER, {"x": (1, 1), "b": (0, 1)}),
        ("xy", ORDER, {"x": (0, 1), "y": (0, 1)}),
        ("xy", (), {"x": (1, 1), "y": (0, 1)}),
    ],
)
def test_stage_converts_if_a_later_one_is_ever_entered_afterwards(
    entered: str, order: tuple[str, ...], expected: dict[str, tuple[int, int]]
) -> None:
    assert by_stage(told(*stages(*entered), stages=order)) == expected


def test_every_stage_of_a_won_deal_converts() -> None:
    found = told(*stages("c", "a"), deal("03-10 09:00", status="won"), stages=ORDER)
    assert by_stage(found) == {"c": (1, 1), "a": (1, 1)}


@pytest.mark.parametrize(
    ("before", "after", "order", "hits"),
    [
        # It comes from `c`, and `b` is no later; that it was in `a` once is no matter.
        ("ac", "b", ORDER, 0),
        ("ca", "c", ORDER, 1),
        ("ca", "b", ORDER, 1),
        ("ca", "c", (), 0),
        ("ca", "b", (), 1),
        ("", "c", ORDER, 0),
        ("", "c", (), 0),
        ("a", "x", ORDER, 0),
        ("x", "a", ORDER, 1),
        ("a", "a", ORDER, 0),
    ],
)
def test_meeting_advances_a_deal_to_a_stage_later_than_the_one_it_was_just_in(
    before: str, after: str, order: tuple[str, ...], hits: int
) -> None:
    found = told(
        *stages(*before),
        activity("03-06 09:00", "meeting"),
        deal("03-07 09:00", stage=after),
        stages=order,
    )
    assert found.parts("advance_rate")["by"]["meeting"] == {"hits": hits, "total": 1}


def test_stage_cleared_is_left_for_none() -> None:
    found = told(*stages("a"), deal("03-05 09:00", stage=None), deal("03-06 09:00", stage="a"))
    assert found.parts("stage_entries") == {"a": 1}
    assert found["pipeline_count", "stage=a", "day", "2026-03-05"] == 0
    assert found["pipeline_count", "stage=a", "day", "2026-03-06"] == 1


RULES = """
[definitions]
stages = ["a", "b"]

[pipelines.renewal]
stages = ["b", "a"]
probability = { a = "0.5" }

[pipelines."new business"]
probability = { a = "0.2" }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Write a rules file with two pipelines."""
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    return file


@pytest.mark.parametrize(
    ("pipeline", "expected"),
    [
        ("renewal", {"b": (1, 1), "a": (0, 1)}),
        # One that has no order of its own, or no table, has the general one.
        ("new business", {"b": (0, 1), "a": (0, 1)}),
        ("other", {"b": (0, 1), "a": (0, 1)}),
        (None, {"b": (0, 1), "a": (0, 1)}),
    ],
)
def test_order_of_stages_is_that_of_their_pipeline(
    rules: Path, pipeline: str | None, expected: dict[str, tuple[int, int]]
) -> None:
    assert by_stage(told(*stages("b", "a", pipeline=pipeline), rules=rules)) == expected


def test_stage_without_a_probability_of_its_deal_has_that_of_its_pipeline(rules: Path) -> None:
    found = told(
        *(
            deal("03-02 09:00", f"deal-{n}", amount="100", stage="a", pipeline=pipeline)
            for n, pipeline in enumerate(("renewal", "new business", "other", None))
        ),
        deal("03-02 09:00", "deal-5", amount="100", stage="b", pipeline="renewal"),
        stage_probability={"a": "0.9", "b": "0.7"},
        rules=rules,
    )
    # 50 and 20 by their tables, 90 twice by the general one; `b` is not in the renewals' table.
    assert found["pipeline_weighted"] == "250.00"


def test_won_deals_count_in_their_pipeline() -> None:
    found = told(
        won("03-02 09:00", amount="100", pipeline="renewal"),
        lost("03-02 09:00", "deal-2", amount="300", pipeline="renewal"),
        won("03-02 09:00", "deal-3", amount="50"),
    )
    scope = "pipeline=renewal"
    values = {
        kpi: found[kpi, scope]
        for kpi in (
            *("deal_count", "revenue_won", "deal_size", "close_rate", "close_rate_value"),
            "deal_conversion",
        )
    }
    assert values == {
        "deal_count": 1,
        "revenue_won": "100.00",
        "deal_size": "100.00",
        "close_rate": 0.5,
        "close_rate_value": 0.25,
        "deal_conversion": 0.5,
    }
    assert found["deal_count"] == 2


def test_win_rate_of_a_forecast_is_of_the_stage_in_its_pipeline(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[forecast]\nfloor = 1\n")
    due = {"amount": "100", "expected_close": "2026-03-25", "stage": "a"}
    found = told(
        won("02-02 09:00", "old-1", stage="a", pipeline="x/y"),
        lost("02-02 09:00", "old-2", stage="a", pipeline="z"),
        won("02-02 09:00", "old-3", stage="a", pipeline="z"),
        deal("03-02 09:00", "deal-1", pipeline="x/y", **due),
        deal("03-02 09:00", "deal-2", pipeline="z", **due),
        rules=file,
    )
    assert found["forecast"] == "150.00"
    assert found.parts("forecast")["open"] == {
        "x%2Fy/a": {"sum": 10_000, "count": 1, "won": 1, "closed": 1},
        "z/a": {"sum": 10_000, "count": 1, "won": 1, "closed": 2},
    }
