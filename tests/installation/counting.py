"""A core that counts events by topic and rep: small enough to work out every answer by hand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.record_builder import Publication
from streams.engine.merge.record_encoder import AsOfFields
from streams.events import Event, KnownNames, RateSet, ReferenceRecord, RepSet, pack, unpack
from streams.events.key_value import KeyValue
from tests.installation.without_snapshots import WithoutFingerprint, WithoutSnapshots

# The keys of reps whose sums come later, and before that but not first.
SLOW = "rep=slow"
WIDE = "rep=wide"
GONE = "gone"  # in no cell, and in no round
NOW = AsOfFields('"as_of":"now"')


def cells_of(event: Event) -> list[str]:
    """The cells an event counts in."""
    rep = getattr(event, "rep", None)
    return [event.topic, *([f"rep={rep}"] if rep else [])]


def priority_of(key: str) -> Priority:
    """When a key comes."""
    return {SLOW: Priority.LATER, WIDE: Priority.NEXT}.get(key, Priority.FIRST)


def counted(count: int) -> Grouped:
    """A count as the vectors of a cell."""
    return {"all": {"n": count}}


class CountingAggregator(WithoutSnapshots):
    """Events by subject and id, cells as counts; an event counts from its `at` on."""

    def __init__(self, clock: int, weight: int, poison: str = "") -> None:
        """Count each event `weight` times; a rate replaces the weight.

        Counting an event with the id `poison` fails.
        """
        self.weight = weight
        self.poison = poison
        self.events: dict[bytes, Event] = {}
        self.clock = clock
        self.published: dict[str, Grouped] = {}
        self.current: dict[str, Grouped] = {}

    @property
    def next_due(self) -> int | None:
        """The next `at` that is still to come."""
        later = [at for event in self.events.values() if (at := instant(event)) > self.clock]
        return min(later, default=None)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Restore an event; none is ever erased."""
        assert value is not None
        event = unpack(value)
        assert isinstance(event, Event)
        self.events[key] = event

    def rebuild(self, clock: int) -> bool:
        """Count all in one step."""
        self.clock = clock
        self.current = self.published = self.count()
        return False

    @property
    def future_events(self) -> int:
        """None is set apart: `count` leaves out what is still to come."""
        return 0

    def advance_clock(self, clock: int) -> None:
        """Count by the clock of the next step."""

    def released_records(self) -> list[Any]:
        """None is set apart."""
        return []

    def check_releases(self) -> None:
        """None is set apart."""

    refused_events = released_records

    def add(self, event: Event) -> list[tuple[bytes, bytes]]:
        """Put an event in the set."""
        key = f"{event.subject}|{event.id}".encode()
        if key in self.events:
            return []
        self.events[key] = event
        return [(key, pack(event))]

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Restore an event after the rebuild."""
        self.restore(key, value)

    def check(self, what: Event | Reroute) -> None:
        """Count all with one more event."""
        assert isinstance(what, Event)
        trial = CountingAggregator(self.clock, self.weight, self.poison)
        trial.events = dict(self.events)
        trial.add(what)
        trial.count()

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Nothing is ever merged here."""
        raise AssertionError(reroute)

    def restore_reroute(self, reroute: Reroute) -> None:
        """Nothing is ever merged here."""
        raise AssertionError(reroute)

    pending_reroutes = current_reroutes = released_records

    def apply_pending(self, clock: int) -> bool:
        """Count all again in one step."""
        self.clock = clock
        self.current = self.count()
        return False

    def changed_cells(self, priority: Priority = Priority.LATER) -> dict[str, Grouped]:  # noqa: ARG002 - of AggregatorPort
        """Compare with what was published; no cell waits for a later call."""
        published, self.published = self.published, self.current
        changed = {cell: v for cell, v in self.current.items() if published.get(cell) != v}
        return changed | {cell: {} for cell in published if cell not in self.current}

    @property
    def has_unpublished(self) -> bool:
        """Compare with what was published."""
        return self.published != self.current

    def changed_alerts(self, clock: int) -> dict[str, bytes | None]:  # noqa: ARG002 - of AggregatorPort
        """Raise none."""
        return {}

    def cells(self) -> Mapping[str, Grouped]:
        """Give all counts."""
        return self.current

    def add_reference(self, record: ReferenceRecord) -> None:
        """Let an event count so many times as the rate says from now on."""
        if isinstance(record, RateSet):
            self.weight = int(record.rate)

    def count(self) -> dict[str, Grouped]:
        """Count what has happened by now; weight 0 counts nothing."""
        counts: defaultdict[str, int] = defaultdict(int)
        for event in self.events.values():
            if event.id == self.poison:
                raise ZeroDivisionError(f"{event.id} cannot be counted\nfor it is poison")
            if instant(event) <= self.clock:
                for cell in cells_of(event):
                    counts[cell] += self.weight
        return {cell: counted(n) for cell, n in counts.items() if n}


class CountingMerger:
    """Adds up the shards; a rep's team counts what its reps count."""

    def __init__(self, clock: int) -> None:
        self.clock = clock
        self.partials: dict[tuple[str, int], Grouped] = {}
        self.teams: dict[str, str] = {}
        self.keys: dict[str, None] = {}
        self.chosen: dict[str, None] = {}

    @property
    def pending(self) -> int:
        """Keys that wait."""
        return len(self.keys) + len(self.chosen)

    def waiting(self, priority: Priority) -> int:
        """Keys that wait with a priority."""
        return sum(priority_of(key) is priority for key in self.keys)

    def set_partial(self, partition: int, cell: str, vectors: Grouped) -> None:
        """Replace a partial."""
        if vectors:
            self.partials[cell, partition] = vectors
        else:
            self.partials.pop((cell, partition), None)
        self.keys[cell] = None
        self._invalidate_team(cell)

    def apply_partials(self) -> bool:
        """Do nothing: a partial is applied as it is set."""
        return False

    def add_reference(self, record: ReferenceRecord) -> None:
        """Move a rep to a team."""
        if not isinstance(record, RepSet):
            return
        cell = f"rep={record.rep}"
        self._invalidate_team(cell)
        self.teams[cell] = f"team={record.team}"
        self._invalidate_team(cell)

    def advance_clock(self, clock: int) -> bool:
        """Let time pass, in one step."""
        self.clock = clock
        return False

    def alerts(self, clock: int) -> dict[str, bytes]:  # noqa: ARG002 - of MergerPort
        """Raise none."""
        return {}

    def reconcile(self, keys: Iterable[str]) -> list[str]:
        """Let keys come in a round, all but one."""
        known = dict.fromkeys(keys)
        self.keys |= {key: None for key in known if key != GONE}
        return [GONE] if GONE in known else []

    def begin_round(
        self,
        priority: Priority | None = None,
        max_scopes: int | None = None,  # noqa: ARG002 - of MergerPort
    ) -> "CountingRound":
        """Choose what waits."""
        taken = (*Priority,) if priority is None else (Priority.FIRST, priority)
        self.keys = {**self.chosen, **self.keys}
        self.chosen = {key: None for key in self.keys if priority_of(key) in taken}
        self.keys = {key: None for key in self.keys if key not in self.chosen}
        return CountingRound(self, list(self.chosen))

    def publication(self, key: str) -> Publication:
        """Sum of a key as it is now."""
        total = sum(
            vectors["all"]["n"]
            for (cell, _), vectors in self.partials.items()
            if key in (cell, self.teams.get(cell))
        )
        return key, f'{{"kpi":"{key}","value":{total}'.encode() if total else None, NOW

    def _invalidate_team(self, cell: str) -> None:
        if cell in self.teams:
            self.keys[self.teams[cell]] = None


class CountingRound:
    """The sums of chosen keys."""

    def __init__(self, merger: CountingMerger, keys: list[str]) -> None:
        self._merger = merger
        self._keys = keys

    def next_batch(self, limit: int | None = None) -> list[Publication]:
        """The next sums."""
        keys = self._keys[:limit]
        del self._keys[:limit]
        for key in keys:
            self._merger.chosen.pop(key, None)
        return [self._merger.publication(key) for key in keys]


@dataclass(frozen=True)
class Counting(WithoutFingerprint):
    """Makes counting shards and mergers."""

    weight: int = 1
    sent: Mapping[str, bytes] = field(default_factory=dict)
    poison: str = ""

    def aggregator(self, clock: int, number: int) -> CountingAggregator:  # noqa: ARG002 - all shards count alike
        """Make a shard."""
        return CountingAggregator(clock, self.weight, self.poison)

    def merger(self, clock: int, number: int) -> CountingMerger:  # noqa: ARG002 - all mergers count alike
        """Make a merger."""
        return CountingMerger(clock)

    @property
    def known_names(self) -> KnownNames | None:
        """Check nothing."""
        return None

    @property
    def counted_kpis(self) -> int:
        """Count one."""
        return 1

    def catalogue_records(self) -> Mapping[str, bytes]:
        """Say what was given to be said."""
        return self.sent

    def dimension_group(self, cell: str) -> int:
        """Keep reps together, for their teams' sake; spread the rest."""
        return 0 if cell.startswith("rep=") else crc32(cell.encode())


def instant(event: Event) -> int:
    """Give an event's `at` in milliseconds."""
    return int(event.at.timestamp() * 1000)
