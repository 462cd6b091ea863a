"""What an aggregator without snapshots has of them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator

from streams.engine.aggregate.retirement.retirable import Retirable
from streams.engine.aggregate.snapshots.parts import Part
from streams.events import ReferenceRecord


class WithoutFingerprint:
    """The part of `CorePort` about snapshots, of which there are none."""

    fingerprint = "counting"


class WithoutSnapshots(ABC):
    """The methods of `AggregatorPort` about snapshots; most are never called."""

    @abstractmethod
    def add_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record."""

    def restore_reference(self, record: ReferenceRecord) -> None:
        """Apply a reference record that is there from the beginning."""
        self.add_reference(record)

    @property
    def stored_events(self) -> int:
        """Nobody has to know."""
        return 0

    @property
    def snapshot_clock(self) -> int | None:
        """None: all is counted again at every step."""
        return None

    def snapshot_parts(self) -> Iterator[bytes]:
        """There is none."""
        raise AssertionError

    def begin_snapshot(self, clock: int, events: int) -> None:
        """There is none."""
        raise AssertionError(clock, events)

    def restore_part(self, part: Part) -> None:
        """There is none."""
        raise AssertionError(part)

    retired_sets = 0

    def retirable(self, horizon: int) -> Iterator[Retirable | None]:
        """There is none."""
        raise AssertionError(horizon)

    def spare_copy(self, found: Retirable) -> int | None:
        """There is none."""
        raise AssertionError(found)

    def retire(self, placed: Collection[tuple[Retirable, int]]) -> None:
        """There is none."""
        raise AssertionError(placed)

    def wanted_copies(self) -> Collection[int]:
        """None: all is in memory."""
        return ()

    def bring_back(self, copies: Iterable[tuple[str, bytes]]) -> None:
        """There is none."""
        raise AssertionError(copies)

    def restore_copy(self, key: bytes, value: bytes | None, offset: int) -> None:
        """There is none."""
        raise AssertionError(key, value, offset)

    def follow(self, clock: int) -> None:
        """There is none."""
        raise AssertionError(clock)
