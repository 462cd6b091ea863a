"""Paths: what JMESPath gives, and absent told apart from null."""

import json
from decimal import Decimal
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.paths import ABSENT, path

EXPRESSIONS = [
    "a",
    "a.b",
    '"a b".c',
    "a.b.c",
    "a[0]",
    "a[-1].b",
    "a.b[1]",
    "a[?b=='x'].c | [0]",
    "a[?b].c",
    "a[*].b",
    "a[].b",
    "a[*].b[]",
    "a.*",
    "[a, b]",
    "{x: a, y: b.c}",
    "@",
    "a || b",
    "a && b",
    "!a",
    "a == 'x'",
    "'x' != a",
    "a == b",
    "a == `1`",
    "a == `true`",
    "a == `null`",
    "a == `[1]`",
    "a.b == 'x' && (b == 'y' || !c)",
    "length(@) > `1`",
]
KEYS = st.sampled_from(["a", "b", "c", "a b"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize("text", EXPRESSIONS)
@given(item=st.dictionaries(KEYS, VALUES, max_size=4))
def test_path_gives_what_jmespath_gives(text: str, item: dict[str, Any]) -> None:
    found = path(text)(item)
    assert (None if found is ABSENT else found) == jmespath.search(text, item)


@pytest.mark.parametrize(
    ("text", "item", "value"),
    [
        ("a", {}, ABSENT),
        ("a", {"a": None}, None),
        ("a.b", {"a": None}, None),
        ("a.b", {"a": {}}, ABSENT),
        ("a.b", {"a": 7}, ABSENT),
        ("a[0]", {"a": []}, ABSENT),
        ("a[0]", {"a": None}, None),
        ("a || b", {"a": None}, None),
        ("a || b", {"b": None}, None),
        ("a || b", {"a": []}, None),
        ("a || b", {}, ABSENT),
        ("not_null(a, b)", {"b": 1}, 1),
        ("not_null(a, b)", {"b": None}, None),
        ("not_null(a, b)", {}, ABSENT),
        ("a[?id=='811'].v | [0]", {"a": [{"id": "811", "v": "x"}]}, "x"),
        ("a[?id=='811'].v | [0]", {"a": []}, ABSENT),
    ],
)
def test_absent_is_not_null(text: str, item: object, value: object) -> None:
    assert path(text)(item) is value or path(text)(item) == value


@pytest.mark.parametrize(
    ("text", "item", "value"),
    [
        ("contains(a, 'x')", {"a": ["x"]}, True),
        ("contains(a, 'x')", {"a": "axb"}, True),
        ("contains(a, 'x')", {"a": 7}, False),
        ("contains(a, 'x')", {}, False),
        ("starts_with(a, 'x')", {"a": "xy"}, True),
        ("starts_with(a, 'x')", {"a": None}, False),
        ("ends_with(a, 'y')", {"a": "xy"}, True),
        ("join('/', [a, b])", {"a": "x", "b": 7}, "x/7"),
        ("join('/', a)", {"a": "x"}, None),
        ("length(a)", {"a": 7}, None),
        ("keys(a) | [0]", {"a": {"x": 1}}, "x"),
        ("values(a) | [0]", {"a": {"x": 1}}, 1),
        ("a[?starts_with(id, 'x')] | [0].id", {"a": [{"id": 1}, {"id": "xy"}]}, "xy"),
    ],
)
def test_functions_give_an_answer_for_any_value(text: str, item: object, value: object) -> None:
    found = path(text)(item)
    assert (None if found is ABSENT else found) == value


def test_decimals_pass_as_they_are() -> None:
    item = {"a": Decimal("12345678901234567.89")}
    assert str(path("a")(item)) == "12345678901234567.89"
    assert path("a == `12345678901234567.89`")(json.loads('{"a": 1}')) is False


def test_number_of_an_expression_is_exact() -> None:
    assert path("a == `1.1`")({"a": Decimal("1.1")}) is True
    assert path("[a][?@ == `1.1`] | [0]")({"a": Decimal("1.1")}) == Decimal("1.1")
