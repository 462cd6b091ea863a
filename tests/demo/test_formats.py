"""Values as text for people."""

import pytest

from streams.demo.terminal import formats


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (12_000, "12 s"),
        (252_999, "4 min 12 s"),
        (3_600_000, "1 h"),
        (5_400_000, "1 h 30 min"),
        (90_000_000, "1 d 1 h"),
        (-252_000, "-4 min 12 s"),
    ],
)
def test_duration_is_written_in_its_two_largest_units(ms: int, text: str) -> None:
    assert formats.duration(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(15_807, "16 s"), (90_000, "1.5 min"), (2_400_000, "40 min"), (0, "0 s")]
)
def test_percentile_is_written_in_its_largest_unit(ms: int, text: str) -> None:
    assert formats.short_duration(ms) == text


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        ("1234567.89", "money:EUR", "1,234,567 EUR"),
        ("-1234.50", "money:EUR", "-1,234 EUR"),
        ("999.50", "money:USD", "999.50 USD"),
        ("0.00", "money:EUR", "0.00 EUR"),
        ("500", "money:JPY", "500 JPY"),
        (0.4321, "ratio", "43.2 %"),
        (12345, "count", "12,345"),
        (2.5, "count", "2.50"),
        (252_000, "ms", "4 min 12 s"),
    ],
)
def test_quantity_is_written_in_its_unit(amount: float | str, unit: str, text: str) -> None:
    assert formats.quantity(amount, unit) == text


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"change": 5, "previous": 10, "unit": "count"}, "50 %"),
        ({"change": -5, "previous": 10, "unit": "count"}, "50 %"),
        ({"change": 90, "previous": 10, "unit": "count"}, "x 10"),
        ({"change": "7.00", "previous": "0.00", "unit": "money:EUR"}, "new"),
        ({"change": -0.021, "previous": 0.5, "unit": "ratio"}, "2.1 pt"),
        ({"change": 0, "previous": 10, "unit": "count"}, ""),
        ({"change": None, "previous": None, "unit": "ms"}, ""),
        (None, ""),
    ],
)
def test_change_is_written_against_the_previous_window(
    record: dict[str, object] | None, text: str
) -> None:
    assert formats.change(record) == text
