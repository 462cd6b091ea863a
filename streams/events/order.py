"""Which events are one event, and the order of a subject's events."""

from streams.events.common import Common
from streams.events.registry import EVENT_TYPES

_TAGS = {kind: str(kind.__struct_config__.tag) for kind in EVENT_TYPES}


def identity(event: Common) -> str:
    """Name an event within its subject, by `id` and type; these texts sort as events do.

    Ids of digits alone come first, by number, the others as text; then the type.
    """
    name = event.id
    if not (name.isdigit() and name.isascii()):
        return f"1{name}\0{_TAGS[type(event)]}"
    number = name.lstrip("0")
    zeros = len(name) - len(number)
    # The length comes first, so that texts compare as numbers.
    text = f"0{len(number):03}{number}\0{_TAGS[type(event)]}"
    return f"{text}\0{zeros:03}" if zeros else text


def order_within(event: Common) -> str:
    """What sorts events of one instant: `seq`, 0 where there is none, then `identity`."""
    seq = event.seq
    # Every identity begins with 0 or 1.
    return f"2{len(str(seq)):02}{seq}{identity(event)}" if seq else identity(event)
