"""Paths and conditions of mapping files: JMESPath, compiled to functions.

What is absent is told apart from what is null, which JMESPath itself does not.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from msgspec import UNSET

from streams.sources.path_functions import FUNCTIONS, OPTIONS

# What a path gives where there is nothing, not even null.
ABSENT = UNSET
Path = Callable[[Any], Any]
Node = Mapping[str, Any]
_ORDERS = frozenset(["lt", "lte", "gt", "gte"])


class BadPath(ValueError):
    """A path that is not valid: the reason, and the offset of the fault in its text."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.offset = offset


def path(text: str) -> Path:
    """Compile a path. Raises BadPath.

    The function gives the value or ABSENT. It never raises on any JSON but RecursionError.
    """
    try:
        tree: Node = jmespath.compile(text).parsed
    except JMESPathError as error:
        raise _bad(error, text) from error
    _check(tree, text)
    return _compiled(tree)


def _bad(error: JMESPathError, text: str) -> BadPath:
    if not text.strip():
        return BadPath("is empty")
    offset = getattr(error, "lex_position", None) or 0
    # Of several tokens that may follow, "Expecting: ['a', 'b'], got: c" has a list.
    found = str(getattr(error, "msg", "") or error)
    reason = re.sub(r"\[('[^]]*')\]", lambda listed: listed[1].replace("'", ""), found)
    if "Incomplete" in type(error).__name__:
        reason = "the expression is not complete"
    elif hasattr(error, "lexer_position"):
        reason = str(getattr(error, "message", error))
    return BadPath(reason.splitlines()[0], min(offset, len(text)))


def _check(node: Node, text: str) -> None:
    """Refuse what would fail, or be silently wrong, only when it runs."""
    kind, name = node["type"], node.get("value")
    if kind == "function_expression":
        _check_function(str(name), len(node["children"]), text)
    if kind == "comparator" and name in _ORDERS and not any(map(_is_length, node["children"])):
        sign = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[name]
        reason = f"{sign} compares only with length(...): it gives nothing for texts and decimals"
        raise BadPath(reason, max(text.find(sign), 0))
    if kind in ("subexpression", "index_expression") and _is_not(node["children"][0]):
        raise BadPath("! is of the name alone: write !(a.b)", max(text.find("!"), 0))
    for child in node["children"]:
        if child:
            _check(child, text)
    if kind == "literal" and isinstance(name, float):
        # An exact number, as those of the body are.
        node["value"] = Decimal(repr(name))  # type: ignore[index]  # the tree is ours


def _check_function(name: str, count: int, text: str) -> None:
    offset = max(text.find(f"{name}("), 0)
    function = FUNCTIONS.get(name)
    if function is None:
        raise BadPath(f"unknown function {name}; there are {', '.join(FUNCTIONS)}", offset)
    if not function.accepts(count):
        raise BadPath(f"{name} has {function.arguments}, not {count}", offset)


def _is_not(node: Node) -> bool:
    return bool(node["type"] == "not_expression")


def _is_length(node: Node) -> bool:
    return bool(node["type"] == "function_expression" and node["value"] == "length")


def _compiled(node: Node) -> Path:
    compiler = _COMPILERS.get(node["type"], _interpreted)
    return compiler(node)


def _interpreted(node: Node) -> Path:
    """Leave an expression to JMESPath, whose null is nothing."""
    search = ParsedResult("", dict(node)).search  # type: ignore[arg-type]  # a part of its tree

    def found(item: Any) -> Any:
        value = search(None if item is ABSENT else item, options=OPTIONS)
        return ABSENT if value is None else value

    return found


def chain(node: Node) -> tuple[str, ...] | None:
    """The names of `a.b.c`; None for any other expression."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [chain(child) for child in node["children"]]
    return None if None in parts else tuple(name for part in parts for name in part or ())


def _names(node: Node) -> Path:
    names = chain(node)
    return _piped(node) if names is None else at(names)


def at(names: tuple[str, ...]) -> Path:
    """Give the path of some names, one inside the other."""
    if len(names) == 1:
        name = names[0]
        return lambda item: item.get(name, ABSENT) if type(item) is dict else _of_no_object(item)

    def found(item: Any) -> Any:
        for name in names:
            if type(item) is not dict:
                return _of_no_object(item)
            item = item.get(name, ABSENT)
        return item

    return found


def _of_no_object(item: Any) -> Any:
    """A part of null is null: whoever is not known has no name either."""
    return None if item is None else ABSENT


def _piped(node: Node) -> Path:
    steps = [_compiled(child) for child in node["children"]]

    def found(item: Any) -> Any:
        for step in steps:
            item = step(item)
        return item

    return found


def _index(node: Node) -> Path:
    number: int = node["value"]

    def found(item: Any) -> Any:
        if type(item) is not list:
            return _of_no_object(item)
        return item[number] if -len(item) <= number < len(item) else ABSENT

    return found


def _projection(node: Node) -> Path:
    """Each element of a list that meets a condition, if there is one, by what follows."""
    base, each, *conditions = (_compiled(child) for child in node["children"])

    def found(item: Any) -> Any:
        listed = base(item)
        if type(listed) is not list:
            return _of_no_object(listed)
        kept = listed
        for meets in conditions:
            kept = [element for element in listed if is_truthy(meets(element))]
        values = [each(element) for element in kept]
        return [value for value in values if _given(value) is not None]

    return found


def _literal(node: Node) -> Path:
    value = node["value"]
    return lambda _: value


def _current(_: Node) -> Path:
    return lambda item: item


def _comparator(node: Node) -> Path:
    if node["value"] in _ORDERS:
        return _interpreted(node)
    left, right = (_compiled(child) for child in node["children"])
    is_equal = node["value"] == "eq"
    literal = next((each for each in node["children"] if each["type"] == "literal"), None)
    if literal is not None and isinstance(literal["value"], str):
        text, other = literal["value"], right if literal is node["children"][0] else left
        return lambda item: (other(item) == text) is is_equal
    return lambda item: _equal(left(item), right(item)) is is_equal


def _equal(left: Any, right: Any) -> bool:
    left, right = _given(left), _given(right)
    # In JSON true is no number.
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _given(value: Any) -> Any:
    return None if value is ABSENT else value


def is_truthy(value: Any) -> bool:
    """Whether JMESPath takes a value for true: the number 0 is."""
    return value is True or not (
        value is None or value is ABSENT or value is False or value in ("", [], {})
    )


def _and(node: Node) -> Path:
    left, right = (_compiled(child) for child in node["children"])

    def found(item: Any) -> Any:
        first = left(item)
        return right(item) if is_truthy(first) else first

    return found


def _or(node: Node) -> Path:
    left, right = (_compiled(child) for child in node["children"])

    def found(item: Any) -> Any:
        first = left(item)
        if is_truthy(first):
            return first
        second = right(item)
        if second is not ABSENT:
            return second
        # Null that was sent is more than nothing.
        return ABSENT if first is ABSENT else None

    return found


def _not(node: Node) -> Path:
    inner = _compiled(node["children"][0])
    return lambda item: not is_truthy(inner(item))


def _function(node: Node) -> Path:
    call = FUNCTIONS[node["value"]].call
    arguments = [_compiled(child) for child in node["children"]]

    def found(item: Any) -> Any:
        given = [argument(item) for argument in arguments]
        value = call(*map(_given, given))
        return ABSENT if value is None and all(each is ABSENT for each in given) else value

    return found


_COMPILERS: Mapping[str, Callable[[Node], Path]] = {
    "field": _names,
    "subexpression": _names,
    "index_expression": _piped,
    "pipe": _piped,
    "projection": _projection,
    "filter_projection": _projection,
    "index": _index,
    "literal": _literal,
    "identity": _current,
    "current": _current,
    "comparator": _comparator,
    "and_expression": _and,
    "or_expression": _or,
    "not_expression": _not,
    "function_expression": _function,
}
