"""A small sales world: events, rows that are sets of them, cells that rows add up to."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple

REPS = ("ann", "bob", "cyd")
# The partition of partials and output that each cell is in.
CELLS = {"all": 0, "ann": 1, "bob": 0, "cyd": 1, "late": 1}
# The source topics of a shard, read independently.
TOPICS = 2
NEVER = 99


class Event(NamedTuple):
    """One event; of those with one id the greatest stands."""

    at: int
    id: str
    subject: str
    rep: str
    amount: int
    due: int
    is_gone: bool


Row = Mapping[object, Event]
Rows = Mapping[str, Row]
Cell = tuple[int, int]  # how many events, how much money
Cells = dict[str, Cell]


def added(row: Row, event: Event, is_set: bool = True) -> Row:
    """Give the row with an event in it; a mutant counts every delivery."""
    key = event.id if is_set else (event.id, len(row))
    standing = row.get(key, event)
    return {**row, key: max(event, standing)}


def plus(left: Cell | None, right: Cell | None, sign: int = 1) -> Cell | None:
    """Add or take away; None is nothing."""
    count, money = left or (0, 0)
    more, worth = right or (0, 0)
    total = count + sign * more, money + sign * worth
    return total if total != (0, 0) else None


def fold(rows: Rows, now: int, version: int) -> Cells:
    """Add up what all rows contribute at an instant, under one version of the catalogue."""
    cells: Cells = {}
    for row in rows.values():
        rep, amount, due, is_gone = "", 0, NEVER, False
        for event in sorted(row.values()):
            rep = event.rep or rep
            amount = event.amount if event.amount >= 0 else amount
            due = event.due if event.due >= 0 else due
            is_gone = event.is_gone
        if is_gone:
            continue
        share = len(row), amount * version
        for cell in ("all", rep, "late")[: 3 if due <= now else 2]:
            if cell:
                total = plus(cells.get(cell), share)
                if total is None:
                    cells.pop(cell)
                else:
                    cells[cell] = total
    return cells


def rows_of(topics: Iterable[Iterable[Event]]) -> Rows:
    """Put events in rows, as slowly and plainly as possible."""
    rows: dict[str, Row] = {}
    for events in topics:
        for event in events:
            rows[event.subject] = added(rows.get(event.subject, {}), event)
    return rows


def home_of(event: Event, shard: int) -> int:
    """The shard of an event's subject, which may lie in the source of another."""
    home, _, is_named = event.subject.partition("|")
    return int(home) if is_named else shard


def misplaced(sources: list[list[list[Event]]], random: Random) -> None:
    """Let the sources of all shards have events of each other's subjects.

    Ids are the same in all sources, so some events are versions of one.
    """
    shards = range(len(sources))
    for shard, topics in enumerate(sources):
        homes: dict[str, int] = {}
        for events in topics:
            for number, event in enumerate(events):
                home = shard if random.random() < 0.6 else random.choice(shards)
                home = homes.setdefault(event.id, home)
                events[number] = event._replace(subject=f"{home}|{event.subject}")


def told(random: Random, has_clock: bool, is_tight: bool) -> list[list[Event]]:
    """Make up a shard's source: few events, some of them again, some corrected later.

    A tight one is about a single subject that keeps changing hands.
    """
    topics: list[list[Event]] = [[] for _ in range(TOPICS)]
    for number in range(random.randint(4, 8)):
        due = random.randint(-6, 6) if has_clock else -1
        event = Event(
            random.randint(0, 9),
            f"e{number}",
            f"lead-{random.randint(0, 2)}",
            random.choice(("", *REPS)),
            random.randint(-3, 5),
            due,
            random.random() < 0.1,
        )
        if is_tight:
            rep, is_gone = random.choice(REPS[:2]), random.random() < 0.4
            event = Event(event.at, event.id, "lead", rep, 0, -1, is_gone)
        random.choice(topics).append(event)
    for events in topics:
        for event in list(events):
            if random.random() < 0.3:
                events.insert(random.randint(events.index(event) + 1, len(events)), event)
            if random.random() < 0.1:
                events.append(event._replace(at=event.at + 1, amount=random.randint(0, 9)))
    return topics
