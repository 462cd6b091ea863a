"""Records of `kpi.partials`: the partial aggregate of one cell in one shard, key `shard|cell`."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.algebra.measures import Grouped
from streams.events.key_value import KeyValue
from streams.internal_topics.reroutes import ReroutesRead, read_reroutes
from streams.kafka.errors import Fatal
from streams.kafka.reader import OffsetClient, read_to
from streams.kafka.topics import MERGE_PARTITIONS, PARTIALS

PARTITIONS = tuple(TopicPartition(PARTIALS, number) for number in range(MERGE_PARTITIONS))
# Not strict, because numbers past 64 bits are texts.
_decode = msgspec.json.Decoder(Grouped, strict=False).decode


def encode(vectors: Grouped) -> bytes | None:
    """Encode a partial; None, a tombstone, for one that is empty."""
    if not vectors:
        return None
    try:
        return orjson.dumps(vectors)
    except TypeError:
        # JSON readers cannot be trusted with numbers past 64 bits: these are texts.
        return orjson.dumps(
            {
                kpi: {component: str(number) for component, number in vector.items()}
                for kpi, vector in vectors.items()
            }
        )


def decode(value: bytes | None) -> Grouped:
    """Decode a partial, {} for a tombstone. Raises ValueError for anything else."""
    return {} if value is None else _decode(value)


def locate(key: bytes) -> tuple[int, str]:
    """Split a key into shard and cell."""
    shard, _, cell = key.decode().partition("|")
    return int(shard), cell


def writes(
    partition_of: Callable[[str], int], shard: int, cells: Iterable[tuple[str, Grouped]]
) -> dict[TopicPartition, list[KeyValue]]:
    """Encode the partials of one shard, by partition.

    `partition_of` gives the partition of a cell, modulo the number of partitions.
    """
    by_partition: defaultdict[TopicPartition, list[KeyValue]] = defaultdict(list)
    prefix = f"{shard}|"
    for cell, vectors in cells:
        to = PARTITIONS[partition_of(cell) % MERGE_PARTITIONS]
        by_partition[to].append(((prefix + cell).encode(), encode(vectors)))
    return dict(by_partition)


@dataclass
class PublishedPartials:
    """What one shard has published, as readers find it, with the reroutes it sent and received."""

    # Encoded, for most are replaced before anybody reads them.
    cells: dict[str, bytes] = field(default_factory=dict)
    # By partition, the offset of the last record.
    partial_offsets: dict[int, int] = field(default_factory=dict)
    reroutes: ReroutesRead = field(default_factory=ReroutesRead)

    def apply(self, partition: int, offset: int, cell: str, value: bytes | None) -> None:
        """Apply one record."""
        self.partial_offsets[partition] = offset
        if value is None:
            self.cells.pop(cell, None)
        else:
            self.cells[cell] = value


async def read_published(
    settings: Settings, shards: Collection[int], offsets: OffsetClient
) -> dict[int, PublishedPartials]:
    """Read what some shards have published, to the current end of each partition.

    Call it only when earlier owners of all these shards are fenced. Reading to the last
    *committed* record is not enough, for a commit of theirs may not have reached every
    partition yet.
    """
    found = {
        shard: PublishedPartials(reroutes=read)
        for shard, read in (await read_reroutes(settings, shards, offsets)).items()
    }
    stops = await offsets.ends(PARTITIONS)
    async for partition, records in read_to(settings, stops):
        for record in records:
            if record.key is None:
                raise Fatal(f"{PARTIALS}/{partition.partition} holds a record without a key")
            shard, cell = locate(record.key)
            if shard in found:
                found[shard].apply(partition.partition, record.offset, cell, record.value)
    return found


def difference(
    cells: Mapping[str, Grouped], known: Mapping[str, bytes]
) -> Iterable[tuple[str, Grouped]]:
    """The cells to publish so that readers of `known` get `cells`; {} for one to remove."""
    for cell, vectors in cells.items():
        if decode(known.get(cell)) != vectors:
            yield cell, vectors
    for cell in known:
        if cell not in cells:
            yield cell, {}
