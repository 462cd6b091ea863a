"""The partition of a key, as Java's default partitioner chooses it."""

from functools import lru_cache
from struct import iter_unpack

SEED, MIX, MASK = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF
# Each event is asked for its partition, and most are of subjects that had some just before.
CACHED_KEYS = 50_000


def murmur2(data: bytes) -> int:
    """Hash as Kafka's `Utils.murmur2` does; unsigned."""
    # Not the client's own, which takes twice as long: every new subject waits for it.
    whole = len(data) & ~3
    found = SEED ^ len(data)
    for (part,) in iter_unpack("<I", data[:whole]):
        mixed = part * MIX & MASK
        found = (found * MIX ^ (mixed ^ mixed >> 24) * MIX) & MASK
    if whole != len(data):
        found = (found ^ int.from_bytes(data[whole:], "little")) * MIX & MASK
    found = (found ^ found >> 13) * MIX & MASK
    return found ^ found >> 15


@lru_cache(CACHED_KEYS)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key among so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
