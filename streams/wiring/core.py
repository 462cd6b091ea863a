"""Composes the core of a worker: the aggregators and mergers of one catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import orjson

from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.engine.aggregate.retirement.retiring import RetiringAggregator
from streams.engine.catalogue.catalogue import SETTINGS, Catalogue
from streams.engine.merge.dimension_groups import DIMENSION_GROUPS, dimension_group, group_of
from streams.engine.merge.merger import Merger
from streams.events import KnownNames
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.ports import AggregatorPort, MergerPort
from streams.wiring.catalogue import NO_RULES, catalogue, known_names
from streams.wiring.describe import (
    entries,
    in_force,
)
from streams.wiring.fingerprint import fingerprint


@dataclass(frozen=True)
class KpiCore:
    """Makes the aggregators and mergers of one catalogue; implements `CorePort`."""

    catalogue: Catalogue
    settings: Settings
    rules: Rules = NO_RULES

    def aggregator(self, clock: int, number: int) -> AggregatorPort:
        """Make an empty aggregator for a partition."""
        return RetiringAggregator(self.catalogue, clock, number, self.settings.secret)

    def merger(self, clock: int, number: int) -> MergerPort:
        """Make the empty merger of a partition, for the dimension groups that it holds."""
        own = (group_of(each.name) for each in self.catalogue.definitions.own_dimensions)
        groups = (*range(len(DIMENSION_GROUPS)), *own)
        held = [each for each in groups if each % MERGE_PARTITIONS == number]
        return Merger(self.catalogue, clock, held)

    @cached_property
    def fingerprint(self) -> str:
        """What cells depend on besides the records: code and definitions, as a digest."""
        return fingerprint(self.catalogue, self.settings, self.rules)

    @property
    def known_names(self) -> KnownNames:
        """What reference records may name."""
        return known_names(self.catalogue)

    @property
    def counted_kpis(self) -> int:
        """How many KPIs are counted from events; derived ones are not."""
        return len(self.catalogue.kpis)

    def catalogue_records(self) -> Mapping[str, bytes]:
        """Give the records of `sales.catalogue`, by key."""
        records = {**entries(self.catalogue), SETTINGS: in_force(self.settings, self.rules)}
        return {
            key: orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for key, value in records.items()
        }

    def dimension_group(self, cell: str) -> int:
        """Give the number of a cell's dimension group."""
        return dimension_group(cell)


def build_core(settings: Settings, rules: Rules = NO_RULES) -> KpiCore:
    """Compose the core under settings and rules; raises as `catalogue` does."""
    return KpiCore(catalogue(settings, rules), settings, rules)
