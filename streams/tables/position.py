"""How far a shard is in each of its topics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import orjson


@dataclass
class Position:
    """For each topic the offset that comes next: all below it is in the rows."""

    source: dict[str, int] = field(default_factory=dict)
    reference: dict[str, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Write it as a record's value."""
        return orjson.dumps({"source": self.source, "reference": self.reference})

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Read what `encode` wrote."""
        said = orjson.loads(value)
        return cls(said["source"], said["reference"])

    def raise_to(self, other: Mapping[str, int]) -> None:
        """Move each source forward to at least another position."""
        for topic, offset in other.items():
            self.source[topic] = max(offset, self.source.get(topic, 0))

    def reaches(self, goal: Mapping[str, int]) -> bool:
        """Tell whether no source is short of a goal."""
        return all(self.source.get(topic, 0) >= offset for topic, offset in goal.items())
