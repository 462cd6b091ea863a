"""The pause before a process that has ended is started again."""

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
# A process that has run this long started well: the next pause is the shortest again.
GOOD_RUN_SECONDS = 30.0


class Backoff:
    """Pauses that double while a process keeps ending soon after its start."""

    def __init__(
        self,
        first_s: float = FIRST_SECONDS,
        longest_s: float = LONGEST_SECONDS,
        good_run_s: float = GOOD_RUN_SECONDS,
    ) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s
        self._good_run_s = good_run_s

    def after(self, run_s: float) -> float:
        """Return the pause in seconds after a process that ran `run_s` seconds."""
        if run_s > self._good_run_s:
            self._next_s = self._first_s
        pause_s = self._next_s
        self._next_s = min(2 * pause_s, self._longest_s)
        return pause_s
