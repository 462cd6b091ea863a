"""The form of a share, and what has to be published after a restore."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tables.partials import decode, difference, encode, locate

VECTORS = st.dictionaries(st.text(), st.integers())
CELLS = st.dictionaries(st.text(), st.dictionaries(st.text(min_size=1), st.integers(), min_size=1))


@given(VECTORS)
def test_share_comes_back_as_it_was_however_large(vector: dict[str, int]) -> None:
    assert decode(encode(vector)) == vector


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**70)])
def test_numbers_past_64_bits_stay_exact(number: int) -> None:
    assert decode(encode({"revenue.sum": number, "n": 1})) == {"revenue.sum": number, "n": 1}


def test_empty_share_is_a_tombstone() -> None:
    assert encode({}) is None


def test_cell_may_contain_the_separator() -> None:
    assert locate(b"12|2026|rep=a|b") == (12, "2026|rep=a|b")


@given(CELLS, CELLS)
def test_whoever_knows_one_fold_and_reads_the_difference_has_the_other(
    known: dict[str, dict[str, int]], wanted: dict[str, dict[str, int]]
) -> None:
    changed = dict(difference(wanted, known))
    assert {cell: v for cell, v in (known | changed).items() if v} == wanted
    assert all(known.get(cell, {}) != vector for cell, vector in changed.items())
