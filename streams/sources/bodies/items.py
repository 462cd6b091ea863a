"""The items of a request: each is one change, with what it needs of the rest."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from streams.sources.bodies.entities import of_entities
from streams.sources.bodies.json_text import parsed
from streams.sources.bodies.layout import Layout
from streams.sources.bodies.limits import COPIED_FIELDS, ITEMS, BadBody
from streams.sources.bodies.reading import is_read, whole
from streams.sources.paths import ABSENT

Item = dict[str, Any]


def items(layout: Layout, body: bytes) -> list[Item]:
    """Take a body apart. Raises BadBody for one that cannot be read or has too many items.

    Each item is an object of its own, which the caller may change.
    """
    try:
        if is_read(body):
            return [_completed(layout, _object(_unpaired(layout, parsed(body))))]
        root = _unpaired(layout, whole(layout, body))
        found = _all(layout, root)
        if layout.each is not None:
            found = _bounded(_fanned_out(layout, found))
        return [_completed(layout, item) for item in found]
    except RecursionError as error:
        raise BadBody("nested too deep") from error


def _all(layout: Layout, root: Any) -> list[Item]:
    copied = {name: path(root) for name, path in (layout.copied or {}).items()}
    copied = {name: value for name, value in copied.items() if value is not ABSENT}
    if layout.format == "entities":
        apart = {name for name in root if any(root[name] is value for value in copied.values())}
        listed: Iterable[Any] = of_entities(root, apart)
    else:
        listed = _listed(layout, root)
    return _bounded({**_object(each), **copied} for each in listed)


def _listed(layout: Layout, root: Any) -> list[Any]:
    found = root if layout.items is None else layout.items(root)
    if found is ABSENT or found is None:
        raise BadBody("[body] items gives nothing")
    return found if isinstance(found, list) else [found]


def _object(value: Any) -> Item:
    return value if isinstance(value, dict) else {"_value": value}


def _fanned_out(layout: Layout, found: list[Item]) -> Iterator[Item]:
    for item in found:
        elements = layout.each(item) if layout.each else ABSENT
        if isinstance(elements, list):
            for element in elements:
                yield {**item, "each": element}
        else:
            yield item


def _completed(layout: Layout, item: Item) -> Item:
    """Parse the JSON texts of an item, and add the values computed of it."""
    for steps in layout.texts:
        _parse_text(item, steps)
    if not layout.added:
        return item
    whole = dict(item)
    for name, path in layout.added.items():
        value = path(whole)
        if value is not ABSENT:
            # An item that held itself could not be written.
            whole[name] = item if value is whole else value
    return whole


def _parse_text(value: Any, steps: tuple[str, ...]) -> None:
    """Parse the text at a path in place; one that is no JSON object stays a text."""
    *outer, last = steps
    for step in outer:
        value = value.get(step) if isinstance(value, dict) else None
    text = value.get(last) if isinstance(value, dict) else None
    if isinstance(text, str) and text.startswith("{"):
        with suppress(BadBody):
            value[last] = parsed(text)


def _bounded(found: Iterable[Item]) -> list[Item]:
    """Collect items, as long as they are neither too many nor too large together."""
    listed: list[Item] = []
    fields = 0
    for item in found:
        fields += len(item)
        if len(listed) == ITEMS or fields > COPIED_FIELDS:
            raise BadBody(f"more than {ITEMS:,} items, or {COPIED_FIELDS:,} fields of them")
        listed.append(item)
    return listed


def _unpaired(layout: Layout, value: Any) -> Any:
    """Turn lists of objects with a key and a value into objects, where the layout says so."""
    return value if layout.pairs is None else _objects(value, *layout.pairs)


def _objects(value: Any, key: str, content: str) -> Any:
    if isinstance(value, dict):
        return {name: _objects(each, key, content) for name, each in value.items()}
    if not isinstance(value, list):
        return value
    if value and all(isinstance(each, dict) and isinstance(each.get(key), str) for each in value):
        return {each[key]: _objects(each.get(content), key, content) for each in value}
    return [_objects(each, key, content) for each in value]
