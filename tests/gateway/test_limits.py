"""Limits are checked before parsing, exactly and in linear time."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway import limits
from streams.gateway.errors import RequestRejected
from streams.gateway.limits import (
    BODY_BYTES,
    DEPTH,
    EVENTS,
    MemoryBudget,
    check_shape,
)

LEAF = st.one_of(st.none(), st.integers(), st.text(alphabet='[]{},"\\aé'))
TREE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text('"\\[{,a'), inner, max_size=5)
    ),
    max_leaves=40,
)


def depth(tree: Any) -> int:
    """Return the depth of nesting of a value."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    return 1 + max(map(depth, tree), default=0) if isinstance(tree, list) else 0


def refusal(text: bytes) -> str | None:
    """Return the kind of limit that a text exceeds."""
    try:
        check_shape(text)
    except RequestRejected as refused:
        return refused.kind
    return None


@given(TREE, st.booleans())
def test_the_shape_is_that_of_the_parsed_value(tree: Any, is_compact: bool) -> None:
    text = json.dumps(tree, separators=(",", ":") if is_compact else None).encode()
    items = len(tree) if isinstance(tree, list | dict) else 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "DEPTH", 3)
        patch.setattr(limits, "EVENTS", 4)
        broken = refusal(text)
    expected = set()
    if depth(tree) > 3:
        expected.add("too_deep")
    if items > 4:
        expected.add("too_many")
    assert (broken in expected) if expected else broken is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[" * DEPTH + b"]" * DEPTH, None),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), "too_deep"),
        (b"[" + b"1," * (EVENTS - 1) + b"1]", None),
        (b"[" + b"1," * EVENTS + b"1]", "too_many"),
        (b'["' + b"[," * EVENTS + b'"]', None),
        (b'["\\"' + b"[," * EVENTS + b'"]', None),
    ],
)
def test_the_bounds_are_exact(text: bytes, expected: str | None) -> None:
    assert refusal(text) == expected


@pytest.mark.parametrize(
    "unit",
    [b"[", b'"', b'\\"', b'"\\', b'""', b'"",', b"{},", b"1,", b"1", b"[]", b'{"":[', b"\\"],
)
def test_every_body_is_checked_in_linear_time(unit: bytes) -> None:
    for prefix in (b"", b"[", b'"', b"[" * 33):
        text = (prefix + unit * (BODY_BYTES // len(unit)))[:BODY_BYTES]
        begun = time.process_time()
        refusal(text)
        assert time.process_time() - begun < 3.0


async def test_bodies_together_stay_within_the_memory_budget() -> None:
    budget = MemoryBudget(10)
    first = await budget.read(Chunks(b"12345", b"678"))
    with pytest.raises(RequestRejected, match="too many requests in flight"):
        await budget.read(Chunks(b"1", b"23"))
    second = await budget.read(Chunks(b"12"))
    budget.release(len(first))
    assert (bytes(first), bytes(second)) == (b"12345678", b"12")
    assert await budget.read(Chunks(b"12345678")) == b"12345678"


class Chunks:
    """A body that arrives in parts."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = iter(parts)

    def __aiter__(self) -> "Chunks":
        return self

    async def __anext__(self) -> bytes:
        for part in self._parts:
            return part
        raise StopAsyncIteration
