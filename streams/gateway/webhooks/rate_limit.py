"""How many verified requests of one source are accepted in a second."""

SECONDS = 10.0


class RateLimit:
    """A token bucket: `rate` requests a second on average, over SECONDS at once.

    Verified requests alone are counted: otherwise anyone could use up what a source may send.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._capacity = rate * SECONDS
        self._tokens = self._capacity
        self._at: float | None = None

    def admits(self, now: float) -> bool:
        """Count a request; False if there have been too many. `now` is in seconds."""
        if self._at is not None:
            self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
