"""Last published record of each key, with which the next one is compared."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.engine.merge.record_encoder import slot_of

REVISION_FIELD = b',"revision":'
# Compaction leaves only the tombstone of a deleted key, so that has the revision itself.
REVISION_HEADER = "revision"


@dataclass(slots=True)
class PublishedEntry:
    """One key: revision, digest and slot of its last record."""

    revision: int
    digest: int | None  # None: a tombstone
    slot: int | None = None


class PublishedIndex:
    """The last record of every key of one partition of the output."""

    def __init__(self) -> None:
        self.entries: dict[str, PublishedEntry] = {}

    def restore(
        self, key: str, value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()
    ) -> None:
        """Apply a record found in the output; a later one of the same key replaces it."""
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = PublishedEntry(0, None)
        if value is None:
            entry.digest = None
            entry.revision = next(
                (int(value) for name, value in headers if name == REVISION_HEADER), entry.revision
            )
            return
        end = value.rindex(REVISION_FIELD)
        start = end + len(REVISION_FIELD)
        entry.revision = int(value[start : value.index(b",", start)])
        entry.digest = hash(value[:end])
        entry.slot = slot_of(value[:end], value[end:])

    def publish(self, key: str, body: bytes | None, slot: int | None = None) -> int:
        """Revision of a record that is about to be published; 0 if readers have it already.

        The fields that depend on the instant count by their slot only (see `AsOfFields`).
        """
        entry = self.entries.get(key)
        # hash() is keyed by process and has 64 bits: two bodies are equal by 1 chance in 10^19.
        digest = None if body is None else hash(body)
        if entry is None:
            if body is None:
                return 0
            entry = self.entries[key] = PublishedEntry(0, None)
        elif entry.digest == digest and (body is None or entry.slot == slot):
            return 0
        entry.revision += 1
        entry.slot = slot
        entry.digest = digest
        return entry.revision

    def keys(self) -> list[str]:
        """Keys that readers find a value under."""
        return [key for key, entry in self.entries.items() if entry.digest is not None]
