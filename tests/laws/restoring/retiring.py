"""An owner whose old event sets leave memory, with their copies among the records of its state."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from streams.engine.aggregate.retirement.copies import COPY_PREFIX, copy_key, name_of
from streams.engine.aggregate.retirement.retirable import Retirable
from streams.engine.aggregate.retirement.retiring import RetiringAggregator
from streams.engine.catalogue.catalogue import Catalogue
from streams.events.key_value import KeyValue
from tests.laws.restoring.snapshots import Owner, Snapshot, finish, restore_parts


@dataclass
class RetiringOwner(Owner):
    """An owner that retires event sets; a record's offset is its place in the state."""

    aggregator: RetiringAggregator

    def process(self, records: Iterable[Any], clock: int) -> None:
        """Process records and commit."""
        super().process(records, clock)
        while self.aggregator.wanted_copies():
            bring_back(self.aggregator, self.state)
            super().process([], clock)

    def retire(self, horizon: int) -> int:
        """Retire all event sets that end before an instant; returns how many."""
        placed: list[tuple[Retirable, int]] = []
        for found in self.aggregator.retirable(horizon):
            if found is None:
                continue
            offset = self.aggregator.spare_copy(found)
            if offset is None:
                offset = len(self.state)
                self.state.append((copy_key(found.name), found.packed))
            placed.append((found, offset))
        self.aggregator.retire(placed)
        return len(placed)


def bring_back(aggregator: RetiringAggregator, state: list[KeyValue]) -> None:
    """Give an aggregator the copies that it wants."""
    wanted = [state[offset] for offset in aggregator.wanted_copies()]
    aggregator.bring_back([(name_of(key), value) for key, value in wanted if value is not None])


def retiring_owner(in_force: Catalogue, clock: int) -> RetiringOwner:
    """An owner whose state is empty."""
    aggregator = RetiringAggregator(in_force, clock)
    finish(aggregator, clock)
    return RetiringOwner(aggregator)


def events_of(state: Iterable[KeyValue]) -> dict[bytes, bytes]:
    """The records of events and tombstones in force, by key."""
    last = dict(state)
    return {
        key: value for key, value in last.items() if value is not None and key[:1] != COPY_PREFIX
    }


def restarted(
    owner: RetiringOwner, snapshot: Snapshot | None, in_force: Catalogue, clock: int
) -> RetiringAggregator:
    """A new owner that restores the state, from a snapshot of it or whole."""
    found = RetiringAggregator(in_force, clock)
    if snapshot is not None:
        _follow(owner, snapshot, found, clock)
    else:
        for offset, (key, value) in enumerate(owner.state):
            if key[:1] == COPY_PREFIX:
                found.restore_copy(key, value, offset)
            else:
                found.restore(key, value)
        for record in owner.reference:
            found.restore_reference(record)
    for reroute in owner.in_force:
        found.restore_reroute(reroute)
    finish(found, clock)
    while found.wanted_copies():
        bring_back(found, owner.state)
        while found.apply_pending(clock):
            pass
    return found


def _follow(
    owner: RetiringOwner, snapshot: Snapshot, found: RetiringAggregator, clock: int
) -> None:
    restore_parts(owner, snapshot, found, clock)
    for offset, (key, value) in enumerate(owner.state):
        if offset >= snapshot.place:
            if key[:1] == COPY_PREFIX:
                found.restore_copy(key, value, offset)
            else:
                found.apply_state(key, value)
