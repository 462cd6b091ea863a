"""What one patch does to the fields of a deal."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from streams.events import DealChanged
from streams.journeys.deals import DealFields

GIVEN: dict[str, Any] = {
    "status": "won",
    "pipeline": "new",
    "stage": "offer",
    "amount": "5",
    "currency": "EUR",
    "probability": 0.5,
    "expected_close": date(2026, 3, 31),
    "rep": "ann",
    "channel": "web",
    "partner": "alfa",
    "product": "starter",
    "account": "acme",
}


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


@pytest.mark.parametrize("name", GIVEN)
def test_null_clears(name: str) -> None:
    found = DealFields(**GIVEN).apply(patch(**{name: None}))
    assert found == DealFields(**(GIVEN | {name: None}))


def test_every_field_of_a_patch_but_its_reason_is_one_of_a_deal() -> None:
    common = {"id", "at", "seq", "source", "subject", "deal", "reason"}
    assert set(DealChanged.__struct_fields__) - common == set(DealFields.__struct_fields__)
