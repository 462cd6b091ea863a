"""Whether a worker's event loop mostly waits."""

import selectors
import time

# Looked at over so long a time; who waits for so much of it is not short of time.
WINDOW_SECONDS = 0.5
SPARE_SHARE = 0.4


class IdleTimeSelector(selectors.DefaultSelector):
    """A selector, for one event loop, that notes how long it has waited.

    Time that the process itself waits for a processor, or a thread for the interpreter, counts as
    work, for whatever is done more would come on top of it.
    """

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__()
        self._waited_s = 0.0
        self._since = time.monotonic()
        self._is_ample = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as the selector does."""
        began = time.monotonic()
        ready = super().select(timeout)
        self._waited_s += time.monotonic() - began
        return ready

    def has_spare_time(self) -> bool:
        """Tell whether the loop has lately waited for AMPLE of its time or more."""
        now = time.monotonic()
        passed_s = now - self._since
        if passed_s >= WINDOW_SECONDS:
            self._is_ample = self._waited_s >= SPARE_SHARE * passed_s
            self._waited_s, self._since = 0.0, now
        return self._is_ample
