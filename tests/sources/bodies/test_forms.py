"""Forms: brackets as objects and lists, and what is refused before it costs anything."""

import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.bodies import BadBody
from streams.sources.bodies.forms import flat, nested

NAMES = st.text(
    st.characters(exclude_characters="[]", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: not (name.isascii() and name.isdigit()))
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        VALUES,
        lambda inner: (
            st.dictionaries(NAMES, inner, min_size=1, max_size=3)
            | st.lists(inner, min_size=1, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=4,
)


def pairs(tree: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a form that holds a tree."""
    if isinstance(tree, str):
        yield name, tree
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield from pairs(value, f"{name}[{key}]" if name else str(key))


def encoded(found: Iterator[tuple[str, str]]) -> bytes:
    """Write a form."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in found).encode()


def depth(tree: Any) -> int:
    """How many levels a tree has."""
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return 1 + max(map(depth, inner), default=0)


@given(tree=TREES.filter(lambda tree: depth(tree) <= 8))
def test_tree_in_brackets_is_read_back(tree: dict[str, Any]) -> None:
    assert nested(encoded(pairs(tree))) == tree


def test_brackets_are_read_escaped_or_not() -> None:
    assert nested(b"a[b][0]=x+y") == nested(b"a%5Bb%5D%5B0%5D=x%20y") == {"a": {"b": ["x y"]}}


def test_holes_in_a_list_are_closed_in_the_order_of_the_places() -> None:
    assert nested(b"a[900]=z&a[7]=y&a[10]=w") == {"a": ["y", "w", "z"]}


def test_empty_brackets_are_the_next_place() -> None:
    assert nested(b"a[]=x&a[]=y") == {"a": ["x", "y"]}


def test_greater_number_is_a_name() -> None:
    assert nested(b"a[1000]=x") == {"a": {"1000": "x"}}
    assert nested(b"a[99999999999999]=x&a[0]=y") == {"a": {"99999999999999": "x", "0": "y"}}


@pytest.mark.parametrize("body", [b"a[b]=1&a[b][c]=2", b"a[b][c]=2&a[b]=1"])
def test_path_may_be_a_value_and_a_parent(body: bytes) -> None:
    assert nested(body) == {"a": {"b": {"_value": "1", "c": "2"}}}


def test_name_that_is_no_brackets_is_itself() -> None:
    assert nested(b"a]b[=1&[x]=2&a[b]c=3") == {"a]b[": "1", "[x]": "2", "a[b]c": "3"}


def test_repeated_name_of_a_flat_form_is_a_list() -> None:
    assert flat(b"a=1&b=2&a=3&a=4") == {"a": ["1", "3", "4"], "b": "2"}


def test_form_has_a_bounded_number_of_fields() -> None:
    assert len(flat(b"&".join(b"a%d=1" % n for n in range(5000)))) == 5000
    with pytest.raises(BadBody, match="more than 5,000 fields"):
        nested(b"&".join(b"a%d=1" % n for n in range(5001)))


def test_form_has_a_bounded_depth() -> None:
    assert depth(nested(b"a" + b"[b]" * 7 + b"=1")) == 9
    with pytest.raises(BadBody, match="more than 8 levels"):
        nested(b"a" + b"[b]" * 8 + b"=1")


def test_form_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(BadBody, match="not UTF-8"):
        nested(b"a=%ff")


@given(body=st.binary(max_size=400) | st.text("ab[]=&%09+", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (nested, flat):
        try:
            assert isinstance(read(body), dict)
        except BadBody:
            continue


@pytest.mark.parametrize(
    "body",
    [
        b"a[999999999]=1",
        b"[" * 4_000_000,
        b"a" + b"[" * 4_000_000 + b"=1",
        b"&" * 4_000_000,
        b"a[" + b"9" * 4_000_000 + b"]=1",
        b"&".join(b"a[%d]=1" % n for n in range(5_001)),
    ],
    ids=["index", "open", "deep", "empty", "long", "many"],
)
def test_memory_is_bounded_by_the_body(body: bytes) -> None:
    tracemalloc.start()
    try:
        nested(body)
    except BadBody:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 12 * len(body) + 1_000_000
