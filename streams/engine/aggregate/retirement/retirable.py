"""An event set that may leave memory: time will not change anything about it."""

from typing import NamedTuple


class Retirable(NamedTuple):
    """An event set that may leave memory.

    Attributes:
        name: Its name, which is its owner's.
        packed: Its bytes, which `RestorableSets.restore_packed` takes back.
        day: The ordinal of the last day of which it reads a rate; 0 if it reads none.
    """

    name: str
    packed: bytes
    day: int
