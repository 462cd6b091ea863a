"""Sets of KPIs as bit masks, and the conversion between a KPI's handles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

if TYPE_CHECKING:

    class KpiMask(int):
        """A set of KPIs, one bit each; closed under the operators of sets."""

        def __or__(self, other: int) -> "KpiMask": ...
        def __and__(self, other: int) -> "KpiMask": ...
        def __xor__(self, other: int) -> "KpiMask": ...
        def __invert__(self) -> "KpiMask": ...

else:
    # A plain int where the program runs: masks are joined millions of times, and a `NewType`
    # would have to be called after every operator.
    KpiMask = int

MaskByScope = dict[str, KpiMask]
MaskByWindow = dict[Window, MaskByScope]
NO_KPIS = KpiMask(0)


class KpiIndex:
    """Converts between a KPI, its name, its number (its index in the order) and its bit.

    Attributes:
        kpis: All KPIs in the order that numbers them. Read only.
        by_name: The KPI of each name. Read only.
        bits: The bit of each name, for code that asks very often. Read only.
    """

    __slots__ = ("bits", "by_name", "kpis")

    def __init__(self, kpis: Sequence[Kpi | Derived]) -> None:
        self.kpis = tuple(kpis)
        self.by_name: Mapping[str, Kpi | Derived] = {kpi.name: kpi for kpi in self.kpis}
        self.bits: Mapping[str, KpiMask] = {
            kpi.name: KpiMask(1 << number) for number, kpi in enumerate(self.kpis)
        }

    def mask(self, names: Iterable[str]) -> KpiMask:
        """Mask of KPIs by name. KeyError for a name that is none."""
        mask = NO_KPIS
        for name in names:
            mask |= self.bits[name]
        return mask

    def mask_of_known(self, names: Iterable[str]) -> KpiMask:
        """Mask of those names that are KPIs here; other versions may know others."""
        mask, bits = NO_KPIS, self.bits
        for name in names:
            mask |= bits.get(name, 0)
        return mask

    def numbers(self, mask: KpiMask) -> Iterator[int]:
        """Numbers of a mask's KPIs, ascending."""
        rest: int = mask
        while rest:
            bit = rest & -rest
            rest ^= bit
            yield bit.bit_length() - 1

    def names(self, mask: KpiMask) -> list[str]:
        """Names of a mask's KPIs in their order."""
        kpis = self.kpis
        return [kpis[number].name for number in self.numbers(mask)]


def lowest(mask: KpiMask, count: int) -> KpiMask:
    """First KPIs of a mask, at most so many."""
    if mask.bit_count() <= count:
        return mask
    rest = mask
    for _ in range(count):
        rest &= rest - 1
    return mask ^ rest
