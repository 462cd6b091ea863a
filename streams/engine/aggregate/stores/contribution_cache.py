"""What event sets contributed when they were read last, for those read lately."""

from collections import OrderedDict

from streams.engine.aggregate.contributions import EntityContributions

# Each takes about 0.15 kB; a lead of eight events has fifty of them. A set that is not among
# these is read twice when it changes, before and after.
CACHED_CONTRIBUTIONS = 150_000


class ContributionCache:
    """Contributions by event set, those that were stored last."""

    def __init__(self) -> None:
        self._sets: OrderedDict[str, tuple[int, EntityContributions]] = OrderedDict()
        self._count = 0

    def pop(self, name: str) -> EntityContributions | None:
        """Remove and give what an event set contributes; None if that is not known."""
        cached = self._sets.pop(name, None)
        if cached is None:
            return None
        count, contributions = cached
        self._count -= count
        return contributions

    def store(self, name: str, contributions: EntityContributions) -> None:
        """Remember what an event set contributes; what was known of it was removed before."""
        # A set without contributions takes memory as well.
        count = 1 + sum(map(len, contributions))
        self._sets[name] = count, contributions
        self._count += count
        while self._count > CACHED_CONTRIBUTIONS:
            # A plain dict would look for its first key past all those deleted before it.
            _, (count, _) = self._sets.popitem(last=False)
            self._count -= count
