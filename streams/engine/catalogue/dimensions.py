"""The dimensions of facts, and their values."""

from functools import lru_cache

# Teams, departments and units consist of reps: their facts are grouped by rep.
ROLLED_UP = ("team", "department", "unit")

DIMENSIONS = (
    "rep",
    "channel",
    "media",
    "campaign",
    "partner",
    "product",
    "stage",
    "account",
)


class Dimensions:
    """The dimension values of a fact, in the order of `DIMENSIONS`; empty: none.

    Made by `dimensions`, which returns the same object for the same values, so that comparing
    and hashing need not look inside: facts are compared far more often than they are made.
    `counts_in_total` is whether the fact counts for the grand total, too.
    """

    __slots__ = ("counts_in_total", "scopes", "values")

    def __init__(self, values: tuple[str, ...], counts_in_total: bool = True) -> None:
        self.values = values
        self.counts_in_total = counts_in_total
        self.scopes: dict[int, tuple[str, ...]] = {}

    def with_rep(self, rep: str) -> "Dimensions":
        """Give the same values with another rep."""
        return dimensions(rep, *self.values[1:])

    def with_stage(self, stage: str) -> "Dimensions":
        """Give the same values with another stage."""
        return dimensions(*self.values[:6], stage, self.values[7])


@lru_cache(maxsize=200_000)
def dimensions(
    rep: str = "",
    channel: str = "",
    media: str = "",
    campaign: str = "",
    partner: str = "",
    product: str = "",
    stage: str = "",
    account: str = "",
) -> Dimensions:
    """Give the object of these values."""
    return Dimensions((rep, channel, media, campaign, partner, product, stage, account))


# The team, department and unit that a fact belongs to for good; empty: none.
Groups = tuple[str, str, str]


@lru_cache(maxsize=200_000)
def in_groups(own: Dimensions, groups: Groups) -> Dimensions:
    """Give the same values with the groups of the rep, in the order of `ROLLED_UP`."""
    return Dimensions((*own.values, *groups), own.counts_in_total)


@lru_cache(maxsize=10_000)
def groups_only(groups: Groups) -> Dimensions:
    """Give groups alone, which do not count for the grand total."""
    return Dimensions((*("",) * len(DIMENSIONS), *groups), counts_in_total=False)


@lru_cache(maxsize=200_000)
def values_only(rep: str = "", product: str = "") -> Dimensions:
    """Give values that do not count for the grand total.

    For what counts once per value and once in total, such as an account with several reps.
    """
    return Dimensions((rep, "", "", "", "", product, "", ""), counts_in_total=False)


NOWHERE = dimensions()
