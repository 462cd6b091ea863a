"""Where the state changelog has whole event sets: those that left memory, and copies of others.

An event set that leaves memory is written to the state as one record, its copy, beside the records
of its events. What stays of it in memory is a number, the first bytes of its owner's pseudonym,
with the offset of the copy: about a tenth of the set.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from streams.engine.aggregate.reference_index import Dependency
from streams.engine.aggregate.snapshots.parts import SETS_PER_PART, CopiesPart

# First byte of the keys of copies in the state; an event's key begins with a digit.
COPY_PREFIX = b"h"
NUMBER_BYTES, CHECK_BYTES = 8, 8
# A place is an offset and the last day of which a set reads a rate, in one number.
DAY_BITS = 20


class SpareCopy(NamedTuple):
    """The copy of a set that is in memory: its offset, and a digest of its bytes."""

    offset: int
    check: bytes


Dependencies = Iterable[tuple[Dependency, str]]


class SetCopies:
    """The copies of one partition, by the numbers of their sets.

    Of two owners with one number, one of two in 10^19, the second never leaves memory.
    """

    def __init__(self, digest: Callable[[str], bytes]) -> None:
        """Start empty; `digest` gives the pseudonym of an owner."""
        self._digest = digest
        self._retired: dict[int, int] = {}
        self._spare: dict[int, SpareCopy] = {}
        # Those that have left memory; some may be back, or twice in it.
        self._dependents: dict[tuple[Dependency, str], array[int]] = {}
        self._last_days: dict[tuple[Dependency, str], int] = {}

    def __len__(self) -> int:
        """The number of event sets that have left memory."""
        return len(self._retired)

    @property
    def has_any(self) -> bool:
        """Whether the state has a copy of any set."""
        return bool(self._retired or self._spare)

    def offset_of(self, name: str) -> int | None:
        """The offset of a set that has left memory; None if it has not."""
        return self.offset_of_digest(self._digest(name))

    def offset_of_digest(self, digest: bytes) -> int | None:
        """As `offset_of`, for the beginning of an owner's pseudonym."""
        place = self._retired.get(_number(digest))
        return None if place is None else _offset(place)

    def dependents(self, kind: Dependency, key: str, since: int = 0) -> set[int]:
        """The offsets of the sets out of memory that depend on something.

        With `since`, the ordinal of a day: those that read a rate of that day or a later one.
        """
        if since > self._last_days.get((kind, key), -1):
            return set()
        places = map(self._retired.get, self._dependents[kind, key])
        return {_offset(place) for place in places if place is not None and _day(place) >= since}

    def spare(self, name: str, packed: bytes) -> int | None:
        """The offset of a set's copy that has the same bytes; None if there is none."""
        found = self._spare.get(_number(self._digest(name)))
        return found.offset if found is not None and found.check == _check(packed) else None

    def can_retire(self, name: str) -> bool:
        """Whether no other set has this one's number."""
        return _number(self._digest(name)) not in self._retired

    def retire(self, name: str, offset: int, day: int, dependencies: Dependencies) -> None:
        """Let a set be out of memory: its copy's offset, and the last day of a rate it reads."""
        number = _number(self._digest(name))
        self._spare.pop(number, None)
        self._retired[number] = offset << DAY_BITS | day
        for each in dependencies:
            self._depend(each, number, day)

    def bring_back(self, name: str, packed: bytes) -> None:
        """Let a set be in memory again; its copy remains."""
        number = _number(self._digest(name))
        place = self._retired.pop(number)
        # One that a later owner wrote is the one that is left.
        self._spare.setdefault(number, SpareCopy(_offset(place), _check(packed)))

    def remove(self, name: str) -> bytes | None:
        """Forget the copy of a set that is in memory; returns the key to remove, if it had one."""
        spare = self._spare.pop(_number(self._digest(name)), None)
        return None if spare is None else copy_key(name)

    def restore_record(self, key: bytes, value: bytes | None, offset: int) -> None:
        """Apply a record of the state: a copy at an offset, or None for one that was removed."""
        number = _number(self._digest(name_of(key)))
        if value is None:
            self._spare.pop(number, None)
        else:
            self._spare[number] = SpareCopy(offset, _check(value))

    def parts(self) -> Iterator[CopiesPart]:
        """All copies, divided into parts of a snapshot."""
        rest = iter(self._retired.items())
        while some := list(islice(rest, SETS_PER_PART)):
            yield CopiesPart([number for number, _ in some], [place for _, place in some], [], [])
        spare = iter(self._spare.items())
        while left := list(islice(spare, SETS_PER_PART)):
            yield CopiesPart([], [], [(number, *copy) for number, copy in left], [])
        for (kind, key), numbers in self._dependents.items():
            alive = iter({*numbers} & self._retired.keys())
            while found := list(islice(alive, SETS_PER_PART)):
                yield CopiesPart([], [], [], [(kind, key, found)])

    def restore(self, part: CopiesPart) -> None:
        """Restore what a part holds; dependencies come after their sets."""
        self._retired.update(zip(part.numbers, part.places, strict=True))
        for number, offset, check in part.spare:
            self._spare[number] = SpareCopy(offset, check)
        for kind, key, numbers in part.dependencies:
            for number in numbers:
                self._depend((kind, key), number, _day(self._retired[number]))

    def _depend(self, on: tuple[Dependency, str], number: int, day: int) -> None:
        self._dependents.setdefault(on, array("Q")).append(number)
        self._last_days[on] = max(day, self._last_days.get(on, 0))


def copy_key(name: str) -> bytes:
    """The key of a set's copy in the state."""
    return COPY_PREFIX + name.encode()


def name_of(key: bytes) -> str:
    """The set whose copy has a key."""
    return key[len(COPY_PREFIX) :].decode()


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:NUMBER_BYTES])


def _offset(place: int) -> int:
    return place >> DAY_BITS


def _day(place: int) -> int:
    return place & ((1 << DAY_BITS) - 1)


def _check(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=CHECK_BYTES).digest()
