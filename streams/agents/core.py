"""The product's own core, as the tables want it."""

from dataclasses import dataclass

from streams.engine.board import FAMILIES, Board, family
from streams.engine.catalogue import Catalogue
from streams.engine.shard import Shard
from streams.kpis import catalogue
from streams.settings import Settings
from streams.tables.core import BoardCore, Core, ShardCore
from streams.tables.topics import FAMILY_PARTITIONS


@dataclass(frozen=True)
class Engine:
    """Makes shards and boards of one catalogue."""

    catalogue: Catalogue

    def shard(self, clock: int, number: int) -> ShardCore:
        """Make an empty shard."""
        return Shard(self.catalogue, clock, number)

    def board(self, clock: int, number: int) -> BoardCore:
        """Make the empty board of one partition: that of the families that go there."""
        own = [each for each in range(len(FAMILIES)) if each % FAMILY_PARTITIONS == number]
        return Board(self.catalogue, clock, own)

    def family(self, cell: str) -> int:
        """Number the family of a cell."""
        return family(cell)


def real_core(settings: Settings) -> Core:
    """Make the core that the settings describe."""
    return Engine(catalogue(settings))
