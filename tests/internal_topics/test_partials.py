"""The form of a share, and what has to be published after a restore."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.internal_topics.partials import (
    decode,
    difference,
    encode,
    locate,
)

Vectors = dict[str, dict[str, int]]
VECTORS = st.dictionaries(st.text(), st.dictionaries(st.text(), st.integers(), min_size=1))
CELLS = st.dictionaries(
    st.text(),
    st.dictionaries(
        st.text(), st.dictionaries(st.text(), st.integers(), min_size=1), min_size=1, max_size=3
    ),
)


@given(VECTORS)
def test_share_comes_back_as_it_was_however_large(vectors: Vectors) -> None:
    assert decode(encode(vectors)) == vectors


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**70)])
def test_numbers_past_64_bits_stay_exact(number: int) -> None:
    vectors = {"revenue": {"sum": number, "n": 1}}
    assert decode(encode(vectors)) == vectors


@pytest.mark.parametrize("value", [b"{", b"[]", b'{"revenue": 1}', b'{"revenue": {"n": 1.5}}'])
def test_what_is_no_share_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expected|truncated"):
        decode(value)


def test_empty_share_is_a_tombstone() -> None:
    assert encode({}) is None


def test_cell_may_contain_the_separator() -> None:
    assert locate(b"12|2026|rep=a|b") == (12, "2026|rep=a|b")


@given(CELLS, CELLS)
def test_whoever_knows_one_fold_and_reads_the_difference_has_the_other(
    known: dict[str, Vectors], wanted: dict[str, Vectors]
) -> None:
    written = {cell: value for cell, vectors in known.items() if (value := encode(vectors))}
    changed = dict(difference(wanted, written))
    assert {cell: v for cell, v in (known | changed).items() if v} == wanted
    assert all(known.get(cell, {}) != vectors for cell, vectors in changed.items())
