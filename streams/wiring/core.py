"""The product's own core, as the tables want it."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.merge.dimension_groups import DIMENSION_GROUPS, dimension_group
from streams.engine.merge.merger import Merger
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.ports import (
    AggregatorPort,
    CorePort,
    MergerPort,
)
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import (
    SETTINGS,
    entries,
    in_force,
)


@dataclass(frozen=True)
class KpiCore:
    """Makes shards and boards of one catalogue."""

    catalogue: Catalogue
    settings: Settings

    def aggregator(self, clock: int, number: int) -> AggregatorPort:
        """Make an empty shard."""
        return Aggregator(self.catalogue, clock, number, self.settings.secret)

    def merger(self, clock: int, number: int) -> MergerPort:
        """Make the empty board of one partition: that of the families that go there."""
        own = [each for each in range(len(DIMENSION_GROUPS)) if each % MERGE_PARTITIONS == number]
        return Merger(self.catalogue, clock, own)

    def catalogue_records(self) -> Mapping[str, bytes]:
        """Give what consumers may know of the KPIs and of the settings in force, by key."""
        said = {**entries(self.catalogue), SETTINGS: in_force(self.settings)}
        return {
            key: orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for key, value in said.items()
        }

    def dimension_group(self, cell: str) -> int:
        """Number the family of a cell."""
        return dimension_group(cell)


def build_core(settings: Settings) -> CorePort:
    """Make the core that the settings describe."""
    return KpiCore(catalogue(settings), settings)
