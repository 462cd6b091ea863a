"""What was signed lately by senders that sign no time, so that a copy is kept once."""

from datetime import timedelta

# Twice the longest that a sender of tier 1 repeats a delivery for.
KEPT_MS = timedelta(days=8) // timedelta(milliseconds=1)
# About 30 MB; a gateway that has so many in eight days gets one every seven seconds.
CAPACITY = 100_000


class ReplayMemory:
    """The signed tokens of deliveries that are in the inbox, bounded in number and in time.

    A delivery that comes again is answered like the first one. What has been forgotten, or went
    to another gateway, is kept twice, which changes nothing: the ids of its events are the same.
    """

    def __init__(self, capacity: int = CAPACITY, kept_ms: int = KEPT_MS) -> None:
        self._capacity = capacity
        self._kept_ms = kept_ms
        self._seen: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def has(self, source: str, replay: str, now: int) -> bool:
        """Return whether this was remembered lately. `now` is in milliseconds."""
        seen = self._seen.get(f"{source} {replay}")
        return seen is not None and now - seen < self._kept_ms

    def remember(self, source: str, replay: str, now: int) -> None:
        """Remember what is in the inbox; forget what is too old or too much."""
        key = f"{source} {replay}"
        self._seen.pop(key, None)
        self._seen[key] = now
        while self._seen:
            oldest = next(iter(self._seen))
            if len(self._seen) <= self._capacity and now - self._seen[oldest] < self._kept_ms:
                return
            del self._seen[oldest]
