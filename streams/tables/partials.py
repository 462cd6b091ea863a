"""Records of `kpi.partials`: one shard's whole share of one cell, key `shard|cell`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import orjson
from aiokafka import TopicPartition

from streams.settings import Settings
from streams.tables.core import Core, Vector
from streams.tables.fatal import Fatal
from streams.tables.moved import Moved, moved
from streams.tables.reading import ends, read_to
from streams.tables.topics import FAMILY_PARTITIONS, PARTIALS
from streams.tables.transactions import Pair

PARTITIONS = tuple(TopicPartition(PARTIALS, number) for number in range(FAMILY_PARTITIONS))


def encode(vector: Vector) -> bytes | None:
    """Write a share; None, a tombstone, for one that is empty."""
    if not vector:
        return None
    try:
        return orjson.dumps(vector)
    except TypeError:
        # Past 64 bits, which no JSON reader can be trusted with: as text.
        return orjson.dumps({name: str(number) for name, number in vector.items()})


def decode(value: bytes | None) -> Vector:
    """Read a share; {} for a tombstone."""
    if value is None:
        return {}
    vector: Vector = orjson.loads(value)
    for name, number in vector.items():
        if type(number) is not int:
            vector[name] = int(number)
    return vector


def locate(key: bytes) -> tuple[int, str]:
    """Split a key into shard and cell."""
    shard, _, cell = key.decode().partition("|")
    return int(shard), cell


def writes(
    core: Core, shard: int, cells: Iterable[tuple[str, Vector]]
) -> dict[TopicPartition, list[Pair]]:
    """Sort the shares to publish by the partition that each belongs in."""
    sorted_out: defaultdict[TopicPartition, list[Pair]] = defaultdict(list)
    prefix = f"{shard}|"
    for cell, vector in cells:
        to = PARTITIONS[core.family(cell) % FAMILY_PARTITIONS]
        sorted_out[to].append(((prefix + cell).encode(), encode(vector)))
    return dict(sorted_out)


@dataclass
class Published:
    """What a shard has published so far, as readers find it, and what it moved and was moved."""

    cells: dict[str, Vector] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)  # partition: offset of the last record
    moved: Moved = field(default_factory=Moved)

    def take(self, partition: int, offset: int, cell: str, vector: Vector) -> None:
        """Note one record."""
        self.reached[partition] = offset
        if vector:
            self.cells[cell] = vector
        else:
            self.cells.pop(cell, None)


async def published(settings: Settings, shards: Collection[int]) -> dict[int, Published]:
    """Read what some shards have published, to the end each partition has now.

    Call it only when all those shards are taken: then no earlier owner can add to it. Reading
    to the last *committed* record would not do, for an earlier commit of theirs may still be
    on its way into some partition.
    """
    found = {
        shard: Published(moved=told) for shard, told in (await moved(settings, shards)).items()
    }
    stops = await ends(settings, PARTITIONS, committed=False)
    async for partition, records in read_to(settings, stops):
        for record in records:
            if record.key is None:
                raise Fatal(f"{PARTIALS}/{partition.partition} holds a record without a key")
            shard, cell = locate(record.key)
            if shard in found:
                found[shard].take(partition.partition, record.offset, cell, decode(record.value))
    return found


def difference(
    cells: Mapping[str, Vector], known: Mapping[str, Vector]
) -> Iterable[tuple[str, Vector]]:
    """Give what has to be published so that readers who know one set have the other."""
    for cell, vector in cells.items():
        if known.get(cell) != vector:
            yield cell, vector
    for cell in known:
        if cell not in cells:
            yield cell, {}
