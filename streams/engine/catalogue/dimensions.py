"""The dimensions of facts, and their values."""

from functools import lru_cache
from typing import Final
from weakref import WeakValueDictionary

# As many as are used again soon: a history of leads has hundreds of thousands of combinations.
CACHE_SIZE: Final = 10_000
# Teams, departments and units consist of reps: their facts are grouped by rep.
ROLLED_UP = ("team", "department", "unit")

DIMENSIONS = (
    "rep",
    "channel",
    "media",
    "campaign",
    "partner",
    "product",
    "pipeline",
    "stage",
    "account",
)
# A company's own dimensions come after these, each in the place that the rules give it.
OWN_PLACES = 4
OwnValues = tuple[str, ...]
NO_OWN: OwnValues = ("",) * OWN_PLACES


class Dimensions:
    """The dimension values of a fact, in the order of `DIMENSIONS`, then own ones; empty: none.

    Made by the functions below, which return the same object for the same values as long as there
    is one, so that comparing and hashing need not look inside: facts are compared far more often
    than they are made.
    `counts_in_total` is whether the fact counts for the grand total, too.
    """

    __slots__ = ("__weakref__", "counts_in_total", "scopes", "values")

    def __init__(self, values: tuple[str, ...], counts_in_total: bool) -> None:
        self.values = values
        self.counts_in_total = counts_in_total
        self.scopes: dict[int, tuple[str, ...]] = {}

    def with_rep(self, rep: str) -> "Dimensions":
        """Give the same values with another rep."""
        return _present((rep, *self.values[1:]))

    @property
    def own(self) -> OwnValues:
        """The values of a company's own dimensions."""
        return self.values[len(DIMENSIONS) : len(DIMENSIONS) + OWN_PLACES]

    def with_rep_and_product(self, rep: str, product: str) -> "Dimensions":
        """Give the same values with another rep and another product."""
        return _with_rep_and_product(self, rep, product)

    def with_stage(self, stage: str, pipeline: str | None = None) -> "Dimensions":
        """Give the same values with another stage, and with another pipeline if one is given."""
        return _with_stage(self, stage, self.values[6] if pipeline is None else pipeline)


@lru_cache(maxsize=CACHE_SIZE)
def dimensions(
    rep: str = "",
    channel: str = "",
    media: str = "",
    campaign: str = "",
    partner: str = "",
    product: str = "",
    pipeline: str = "",
    stage: str = "",
    account: str = "",
    own: OwnValues = NO_OWN,
) -> Dimensions:
    """Give the object of these values."""
    values = (rep, channel, media, campaign, partner, product, pipeline, stage, account, *own)
    return _present(values)


# What is left of a cache is still the only object of its values.
_existing: WeakValueDictionary[tuple[tuple[str, ...], bool], Dimensions] = WeakValueDictionary()


def _only(values: tuple[str, ...], counts_in_total: bool) -> Dimensions:
    """The one object of these values."""
    found = _existing.get((values, counts_in_total))
    if found is None:
        found = _existing[values, counts_in_total] = Dimensions(values, counts_in_total)
    return found


@lru_cache(maxsize=CACHE_SIZE)
def _present(values: tuple[str, ...]) -> Dimensions:
    return _only(values, counts_in_total=True)


@lru_cache(maxsize=CACHE_SIZE)
def _with_stage(own: Dimensions, stage: str, pipeline: str) -> Dimensions:
    return _present((*own.values[:6], pipeline, stage, *own.values[8:]))


@lru_cache(maxsize=CACHE_SIZE)
def _with_rep_and_product(own: Dimensions, rep: str, product: str) -> Dimensions:
    return _present((rep, *own.values[1:5], product, *own.values[6:]))


# The team, department and unit that a fact belongs to for good; empty: none.
Groups = tuple[str, str, str]


@lru_cache(maxsize=CACHE_SIZE)
def in_groups(own: Dimensions, groups: Groups) -> Dimensions:
    """Give the same values with the groups of the rep, in the order of `ROLLED_UP`."""
    return _only((*own.values, *groups), own.counts_in_total)


@lru_cache(maxsize=CACHE_SIZE)
def groups_only(groups: Groups) -> Dimensions:
    """Give groups alone, which do not count for the grand total."""
    nothing = ("",) * (len(DIMENSIONS) + OWN_PLACES)
    return _only((*nothing, *groups), counts_in_total=False)


@lru_cache(maxsize=CACHE_SIZE)
def values_only(rep: str = "", product: str = "") -> Dimensions:
    """Give values that do not count for the grand total.

    For what counts once per value and once in total, such as an account with several reps.
    """
    return _apart((rep, "", "", "", "", product, "", "", "", *NO_OWN))


@lru_cache(maxsize=CACHE_SIZE)
def transfer(
    before: Dimensions, after: Dimensions
) -> tuple[Dimensions | None, Dimensions, Dimensions | None]:
    """Give the values that are left, those that stay, and those that are entered.

    Only those that stay count for the grand total; None where there are no others.
    """
    pairs = list(zip(before.values, after.values, strict=True))
    left = tuple(["" if old == new else old for old, new in pairs])
    entered = tuple(["" if old == new else new for old, new in pairs])
    kept = _present(tuple(old if old == new else "" for old, new in pairs))
    return _apart(left) if any(left) else None, kept, _apart(entered) if any(entered) else None


@lru_cache(maxsize=CACHE_SIZE)
def _apart(values: tuple[str, ...]) -> Dimensions:
    return _only(values, counts_in_total=False)


def same_dimensions(values: tuple[str, ...], counts_in_total: bool) -> Dimensions:
    """Give the object of values that another process had."""
    size = len(DIMENSIONS) + OWN_PLACES
    if len(values) == size:
        return _present(values) if counts_in_total else _apart(values)
    own, (team, department, unit) = values[:size], values[size:]
    if not counts_in_total and not any(own):
        return groups_only((team, department, unit))
    return in_groups(same_dimensions(own, counts_in_total), (team, department, unit))


NOWHERE = dimensions()
