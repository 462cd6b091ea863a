"""The values of a company's own dimensions, from the entities that carry them."""

from collections.abc import Mapping, Sequence

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.definitions import Carrier, Definitions
from streams.engine.catalogue.dimensions import NO_OWN, OWN_PLACES, OwnValues

Custom = Mapping[str, str] | None


def own_values(definitions: Definitions, custom: Mapping[Carrier, Custom]) -> OwnValues:
    """Give the values in their places; `custom` are those of each carrier that is known."""
    own = definitions.own_dimensions
    if not own:
        return NO_OWN
    found = [(custom.get(each.carrier) or {}).get(each.name) or "" for each in own]
    return (*found, *("",) * (OWN_PLACES - len(found)))


def latest_custom(creations: Sequence[Entry]) -> Mapping[str, str]:
    """Give what creations of a lead say, each value the last that was given."""
    found: dict[str, str] = {}
    for entry in creations:
        custom: Mapping[str, str | None] | None = getattr(entry.event, "custom", None)
        if custom:
            found.update({name: value for name, value in custom.items() if value})
    return found


def first_custom(records: Sequence[Custom]) -> Mapping[str, str]:
    """Give what any of these knows, the first that has a value."""
    found: dict[str, str] = {}
    for custom in reversed(records):
        found.update(custom or {})
    return found
