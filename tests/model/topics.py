"""Everything that outlives a process: the topics, and the time."""

from dataclasses import dataclass, field

from tests.model.broker import Partition

FAMILIES = 2


def _partitions(count: int) -> list[Partition]:
    return [Partition() for _ in range(count)]


@dataclass
class Topics:
    """The topics of one installation with as many shards as there are sources."""

    source: list[list[Partition]]
    state: list[Partition] = field(init=False)
    forwards: list[Partition] = field(init=False)
    partials: list[Partition] = field(default_factory=lambda: _partitions(FAMILIES))
    output: list[Partition] = field(default_factory=lambda: _partitions(FAMILIES))
    clock: int = 0
    gaps: int = 0  # how often offsets were counted as deleted unread

    def __post_init__(self) -> None:
        """Give each shard its state, and what others forward to it."""
        self.state = _partitions(len(self.source))
        self.forwards = _partitions(len(self.source))

    @property
    def compacted(self) -> list[Partition]:
        """All but the source."""
        return [*self.state, *self.partials, *self.output, *self.forwards]
