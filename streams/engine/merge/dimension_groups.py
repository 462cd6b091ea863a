"""Groups of dimensions: the cells of one group are merged together, groups independently."""

from collections.abc import Collection, Iterable
from typing import Final
from zlib import crc32

from streams.engine.catalogue.dimensions import ROLLED_UP

DIMENSION_GROUPS: Final = (
    ("",),
    ("rep", *ROLLED_UP),
    ("channel", "media", "campaign"),
    ("partner",),
    ("product",),
    ("pipeline", "stage"),
    ("account",),
)
_GROUP_OF = {
    dimension: number for number, group in enumerate(DIMENSION_GROUPS) for dimension in group
}
ALL_DIMENSIONS: Final = tuple(_GROUP_OF)


def dimension_group(cell: str) -> int:
    """Number of the group that a cell's dimension is in."""
    return group_of(dimension_of(scope_of(cell)))


def group_of(dimension: str) -> int:
    """Number of a dimension's group; each of a company's own is a group by itself.

    It depends on the name alone: a dimension that is no longer wanted is found where it was.
    """
    found = _GROUP_OF.get(dimension)
    return len(DIMENSION_GROUPS) + crc32(dimension.encode()) if found is None else found


def dimensions_of(groups: Collection[int] | None, own: Iterable[str] = ()) -> list[str]:
    """Dimensions of some groups; of all if None. `own` are a company's own dimensions."""
    known = (*_GROUP_OF, *own)
    return [name for name in known if groups is None or group_of(name) in groups]


def scope_of(cell: str) -> str:
    """Scope of a cell."""
    return cell.partition("|")[2]


def dimension_of(scope: str) -> str:
    """Dimension of a scope, empty for the grand total."""
    return scope.partition("=")[0]


def siblings_of(dimension: str) -> str:
    """The mark for all values of a dimension, where work is kept by scope."""
    return f"{dimension}="


def is_siblings(scope: str) -> bool:
    """Whether a scope is such a mark."""
    return scope.endswith("=") and scope.find("=") == len(scope) - 1
