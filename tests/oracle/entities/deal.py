"""A deal: as it stands, and as it was at every instant of its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.oracle.entities.facts import Definitions, Dimensions
from tests.oracle.entities.owners import Owners
from tests.oracle.history.events import Event, latest, until


@dataclass(frozen=True)
class State:
    """A deal from an instant on, until its next change; `end` is None for its last state."""

    start: int
    end: int | None
    changes: Sequence[Event]

    @property
    def is_open(self) -> bool:
        """Whether the deal is neither won nor lost."""
        return status_of(self.changes) == "open"

    def value(self, field: str) -> str | None:
        """What a field is in this state."""
        return latest(self.changes, field)


@dataclass(frozen=True)
class Entry:
    """A deal's entering a stage; `before` is the stage it was just in, None of the first."""

    change: Event
    stage: str
    pipeline: str | None
    before: str | None


@dataclass(frozen=True)
class Deal:
    """A deal that is not deleted.

    `changes` are in order; `closed` is when it was won or lost, None while it is open; `run`
    are the changes from the beginning of the last run of its status on.
    """

    changes: Sequence[Event]
    owners: Owners
    qualities: Dimensions
    status: str
    closed: int | None
    run: Sequence[Event]

    @property
    def created(self) -> int:
        """When it was first known."""
        return self.changes[0].at

    def value(self, field: str) -> str | None:
        """What a field is now."""
        return latest(self.changes, field)

    @property
    def won(self) -> int | None:
        """When the deal was won; None unless it is won now."""
        return self.closed if self.status == "won" else None

    @property
    def lost(self) -> int | None:
        """When the deal was lost; None unless it is lost now."""
        return self.closed if self.status == "lost" else None

    def dimensions_at(self, instant: int, definitions: Definitions) -> Dimensions:
        """The dimensions of a fact at an instant: for the rep of now, or of then."""
        return {**self.qualities, "rep": self.owners.rep(instant, definitions)}

    @cached_property
    def states(self) -> list[State]:
        """The states it was in, one for each instant at which it changed."""
        instants = sorted({change.at for change in self.changes})
        ends = [*instants[1:], None]
        return [
            State(start, end, until(self.changes, start))
            for start, end in zip(instants, ends, strict=True)
        ]

    @cached_property
    def entries(self) -> list[Entry]:
        """The stages it entered, in order; a stage entered again is another entry."""
        return list(entries_of(self.changes))

    @property
    def first_entries(self) -> dict[str, Entry]:
        """The first entry of each stage."""
        first: dict[str, Entry] = {}
        for entry in self.entries:
            first.setdefault(entry.stage, entry)
        return first


def entries_of(changes: Sequence[Event]) -> Iterator[Entry]:
    """List the entries; to name a stage that the deal is in is none."""
    stage = before = None
    for number, change in enumerate(changes):
        if not change.carries("stage"):
            continue
        entered = change.text("stage")
        if entered is not None and entered != stage:
            yield Entry(change, entered, latest(changes[: number + 1], "pipeline"), before)
        stage, before = entered, entered or before


def deal_of(
    name: str,
    events: Sequence[Event],
    of_subject: Owners,
    qualities: Dimensions,
    definitions: Definitions,
) -> Deal | None:
    """One deal of a subject; None where it was never known, or is deleted."""
    history = [event for event in events if event.fields.get("deal") == name]
    history = [event for event in history if event.type in ("deal.changed", "deal.deleted")]
    changes = [event for event in history if event.type == "deal.changed"]
    if not changes or history[-1].type == "deal.deleted":
        return None
    own = {
        field: latest(changes, field) or qualities[field]
        for field in ("channel", "partner", "product")
    }
    own |= {field: latest(changes, field) for field in ("pipeline", "stage")}
    status, run = last_run(changes)
    closed = run[0].at if status != "open" else None
    if status == "won" and definitions.win == "first":
        closed = next(change.at for change in changes if change.text("status") == "won")
    owners = Owners(changes, of_subject.of_subject)
    return Deal(changes, owners, {**qualities, **own}, status, closed, run)


def status_of(changes: Sequence[Event]) -> str:
    """The status after some changes: a deal without one is open."""
    return latest(changes, "status") or "open"


def last_run(changes: Sequence[Event]) -> tuple[str, Sequence[Event]]:
    """The status, and the changes from the first one of its last unbroken run on."""
    status = status_of(changes)
    naming = [number for number, change in enumerate(changes) if change.carries("status")]
    begins = 0
    for number in reversed(naming):
        if status_of([changes[number]]) != status:
            break
        begins = number
    return status, changes[begins:]
