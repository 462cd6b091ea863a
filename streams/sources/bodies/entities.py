"""Forms that hold several kinds of items: `leads[status][0][id]=71&account[id]=7`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def of_entities(root: Mapping[str, Any], apart: Collection[str]) -> Iterator[dict[str, Any]]:
    """Give each item with its `entity` and `action`, the first two parts of its name.

    Names in `apart` hold no items. A bare value is the item's `id`.
    """
    for entity, actions in root.items():
        if entity in apart or not isinstance(actions, dict):
            continue
        for action, found in actions.items():
            for each in found if isinstance(found, list) else [found]:
                fields = each if isinstance(each, dict) else {"id": each}
                yield {**fields, "entity": entity, "action": action}
