"""The product's own core, as the tables want it."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Shard
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.merge.merger import (
    FAMILIES,
    Board,
    family,
)
from streams.kafka.topics import FAMILY_PARTITIONS
from streams.tasks.ports import (
    BoardCore,
    Core,
    ShardCore,
)
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import (
    SETTINGS,
    entries,
    in_force,
)


@dataclass(frozen=True)
class Engine:
    """Makes shards and boards of one catalogue."""

    catalogue: Catalogue
    settings: Settings

    def shard(self, clock: int, number: int) -> ShardCore:
        """Make an empty shard."""
        return Shard(self.catalogue, clock, number, self.settings.secret)

    def board(self, clock: int, number: int) -> BoardCore:
        """Make the empty board of one partition: that of the families that go there."""
        own = [each for each in range(len(FAMILIES)) if each % FAMILY_PARTITIONS == number]
        return Board(self.catalogue, clock, own)

    def described(self) -> Mapping[str, bytes]:
        """Give what consumers may know of the KPIs and of the settings in force, by key."""
        said = {**entries(self.catalogue), SETTINGS: in_force(self.settings)}
        return {
            key: orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for key, value in said.items()
        }

    def family(self, cell: str) -> int:
        """Number the family of a cell."""
        return family(cell)


def real_core(settings: Settings) -> Core:
    """Make the core that the settings describe."""
    return Engine(catalogue(settings), settings)
