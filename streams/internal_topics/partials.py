"""Records of `kpi.partials`: one shard's whole share of one cell, key `shard|cell`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics.reroutes import ReroutesRead, read_reroutes
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends, read_to
from streams.kafka.topics import MERGE_PARTITIONS, PARTIALS
from streams.tasks.ports import CorePort, Vectors

PARTITIONS = tuple(TopicPartition(PARTIALS, number) for number in range(MERGE_PARTITIONS))
# Not strict, for numbers past 64 bits are texts.
_decode = msgspec.json.Decoder(Vectors, strict=False).decode


def encode(vectors: Vectors) -> bytes | None:
    """Write a share; None, a tombstone, for one that is empty."""
    if not vectors:
        return None
    try:
        return orjson.dumps(vectors)
    except TypeError:
        # Past 64 bits, which no JSON reader can be trusted with: as text.
        return orjson.dumps(
            {
                kpi: {component: str(number) for component, number in vector.items()}
                for kpi, vector in vectors.items()
            }
        )


def decode(value: bytes | None) -> Vectors:
    """Read a share; {} for a tombstone, ValueError for what is none."""
    return {} if value is None else _decode(value)


def locate(key: bytes) -> tuple[int, str]:
    """Split a key into shard and cell."""
    shard, _, cell = key.decode().partition("|")
    return int(shard), cell


def writes(
    core: CorePort, shard: int, cells: Iterable[tuple[str, Vectors]]
) -> dict[TopicPartition, list[KeyValue]]:
    """Sort the shares to publish by the partition that each belongs in."""
    sorted_out: defaultdict[TopicPartition, list[KeyValue]] = defaultdict(list)
    prefix = f"{shard}|"
    for cell, vectors in cells:
        to = PARTITIONS[core.dimension_group(cell) % MERGE_PARTITIONS]
        sorted_out[to].append(((prefix + cell).encode(), encode(vectors)))
    return dict(sorted_out)


@dataclass
class Published:
    """What a shard has published so far, as readers find it, and what it moved and was moved."""

    # As they are written, for most are superseded before anybody needs to know what they say.
    cells: dict[str, bytes] = field(default_factory=dict)
    partial_offsets: dict[int, int] = field(
        default_factory=dict
    )  # partition: offset of the last record
    reroutes: ReroutesRead = field(default_factory=ReroutesRead)

    def apply(self, partition: int, offset: int, cell: str, value: bytes | None) -> None:
        """Note one record."""
        self.partial_offsets[partition] = offset
        if value is None:
            self.cells.pop(cell, None)
        else:
            self.cells[cell] = value


async def read_published(settings: Settings, shards: Collection[int]) -> dict[int, Published]:
    """Read what some shards have published, to the end each partition has now.

    Call it only when all those shards are taken: then no earlier owner can add to it. Reading
    to the last *committed* record would not do, for an earlier commit of theirs may still be
    on its way into some partition.
    """
    found = {
        shard: Published(reroutes=told)
        for shard, told in (await read_reroutes(settings, shards)).items()
    }
    stops = await ends(settings, PARTITIONS, committed=False)
    async for partition, records in read_to(settings, stops):
        for record in records:
            if record.key is None:
                raise Fatal(f"{PARTIALS}/{partition.partition} holds a record without a key")
            shard, cell = locate(record.key)
            if shard in found:
                found[shard].apply(partition.partition, record.offset, cell, record.value)
    return found


def difference(
    cells: Mapping[str, Vectors], known: Mapping[str, bytes]
) -> Iterable[tuple[str, Vectors]]:
    """Give what has to be published so that readers who know one set have the other."""
    for cell, vectors in cells.items():
        if decode(known.get(cell)) != vectors:
            yield cell, vectors
    for cell in known:
        if cell not in cells:
            yield cell, {}
