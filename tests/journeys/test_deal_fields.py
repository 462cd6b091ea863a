"""What one patch does to the fields of a deal."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from streams.events import DealChanged
from streams.journeys.deals import DealFields

GIVEN: dict[str, Any] = {
    "amount": "5",
    "currency": "EUR",
    "expected_close": date(2026, 3, 31),
    "rep": "ann",
    "channel": "web",
    "partner": "alfa",
    "product": "starter",
    "account": "acme",
}
TEXTS = ("rep", "channel", "partner", "product", "account")


def patch(**fields: Any) -> DealChanged:
    """Make a patch of a deal."""
    at = datetime(2026, 3, 10, tzinfo=UTC)
    return DealChanged(id="1", at=at, subject="lead-1", deal="deal-1", **fields)


def test_patch_sets_every_field_that_it_names() -> None:
    assert DealFields().apply(patch(**GIVEN)) == DealFields(**GIVEN)


def test_empty_patch_changes_nothing() -> None:
    assert DealFields(**GIVEN).apply(patch()) == DealFields(**GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_patch_of_one_field_leaves_the_others(name: str) -> None:
    rest = {other: None for other in GIVEN if other != name}
    assert DealFields().apply(patch(**{name: GIVEN[name]})) == DealFields(**(GIVEN | rest))


@pytest.mark.parametrize("name", TEXTS)
def test_empty_text_clears(name: str) -> None:
    found = DealFields(**GIVEN).apply(patch(**{name: ""}))
    assert found == DealFields(**(GIVEN | {name: ""}))


def test_what_has_a_history_is_no_patched_field() -> None:
    other = patch(status="won", stage="offer", reason="price", probability=0.0)
    assert DealFields(**GIVEN).apply(other) == DealFields(**GIVEN)
