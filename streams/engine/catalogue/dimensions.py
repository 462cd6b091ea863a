"""The dimensions of a fact, and the values that place it in them."""

from functools import lru_cache

# Teams, departments and units are made of reps: their facts are told apart by rep.
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
    """Where a fact belongs; an empty text means nowhere in that dimension.

    Made by `dimensions`, which gives the same object for the same place, so that comparing and
    hashing need not look inside: facts are compared far more often than they are made. Two
    equal places that are two objects would cost time and change nothing.
    """

    __slots__ = ("counts_in_total", "scopes", "values")

    def __init__(self, values: tuple[str, ...], counts_in_total: bool = True) -> None:
        """Take the members in the order of `DIMENSIONS`, and whether it counts for all, too."""
        self.values = values
        self.counts_in_total = counts_in_total
        self.scopes: dict[int, tuple[str, ...]] = {}

    def with_rep(self, rep: str) -> "Dimensions":
        """Give the same place under another rep."""
        return dimensions(rep, *self.values[1:])

    def with_stage(self, stage: str) -> "Dimensions":
        """Give the same place under another stage."""
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
    """Give the place with these members."""
    return Dimensions((rep, channel, media, campaign, partner, product, stage, account))


@lru_cache(maxsize=200_000)
def values_only(rep: str = "", product: str = "") -> Dimensions:
    """Give a place that counts for its own members and not for all.

    For what is counted once for each member and once for all, such as an account with several
    reps.
    """
    return Dimensions((rep, "", "", "", "", product, "", ""), counts_in_total=False)


NOWHERE = dimensions()
