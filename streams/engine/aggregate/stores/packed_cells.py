"""Cells by day or hour and scope: those that changed lately as objects, all others as bytes."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator

from streams.engine.algebra.measures import Grouped
from streams.engine.algebra.packed_vectors import pack, unpack

# Cells of idle days and hours that are unpacked: about 1.4 kB each, a sixth of that where they are
# packed. Those of the days and hours in which most events happen stay unpacked.
UNPACKED_CELLS = 5_000
# How many cells one call packs, so that none takes long: about half a millisecond.
PACKED_AT_ONCE = 100


class PackedCells:
    """Cells by day (its ordinal) or hour (`hMS`) and scope.

    What is in the cells of a day or hour may be changed from `hold` to `release`.

    Attributes:
        unpacked: The cells that are not packed, for code that asks very often. Those of a day or
            hour that is held may be changed, and removed.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.unpacked: defaultdict[int | str, dict[str, Grouped]] = defaultdict(dict)
        self._packed: defaultdict[int | str, dict[str, bytes]] = defaultdict(dict)
        # The days and hours that are released, the one released last at the end.
        self._idle: OrderedDict[int | str, None] = OrderedDict()
        self._idle_cells = 0

    def hold(self, at: int | str) -> None:
        """Let the unpacked cells of a day or hour stay so."""
        if at in self._idle:
            del self._idle[at]
            self._idle_cells -= len(self.unpacked[at])

    def unpack(self, at: int | str, scope: str) -> Grouped:
        """Unpack a cell of a day or hour that is held; an empty one if there was none."""
        packed = self._packed[at].pop(scope, None) if at in self._packed else None
        cell = {} if packed is None else unpack(packed)
        self.unpacked[at][scope] = cell
        return cell

    def release(self, at: int | str) -> None:
        """Let the cells of a day or hour be packed some time."""
        if at not in self._idle:
            self._idle[at] = None
            self._idle_cells += len(self.unpacked[at])

    def pack_idle(self) -> None:
        """Pack some cells of the days and hours released first, until few are unpacked."""
        for _ in range(min(PACKED_AT_ONCE, self._idle_cells - UNPACKED_CELLS)):
            at = self._first_idle()
            scope, cell = self.unpacked[at].popitem()
            self._idle_cells -= 1
            if cell:
                self._packed[at][scope] = pack(cell)

    def _first_idle(self) -> int | str:
        """The first idle day or hour that has unpacked cells; there is one."""
        while not self.unpacked[at := next(iter(self._idle))]:
            del self._idle[at], self.unpacked[at]
        return at

    def restore(self, at: int | str, scope: str, packed: bytes) -> None:
        """Restore a packed cell."""
        self._packed[at][scope] = packed

    def packed(self) -> Iterator[tuple[int | str, str, bytes]]:
        """The cells that are packed: day or hour, scope, and their bytes for `restore`."""
        for at, scopes in self._packed.items():
            for scope, packed in scopes.items():
                yield at, scope, packed
