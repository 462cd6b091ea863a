"""The idle time of a worker's event loop."""

import selectors
import time

# The share of idle time is computed over a window; from SPARE_SHARE on there is time to spare.
WINDOW_SECONDS = 0.5
SPARE_SHARE = 0.4


class IdleTimeSelector(selectors.DefaultSelector):
    """A selector, for one event loop, that measures how long it waits.

    Time in which the process waits for a processor, or its thread for the interpreter, counts as
    work, since any additional work would have to wait as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waited_s = 0.0
        self._window_start = time.monotonic()
        self._has_spare_time = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, as the base class does."""
        began = time.monotonic()
        ready = super().select(timeout)
        self._waited_s += time.monotonic() - began
        return ready

    def has_spare_time(self) -> bool:
        """Whether the loop waited for SPARE_SHARE or more of the last complete window."""
        now = time.monotonic()
        window_s = now - self._window_start
        if window_s >= WINDOW_SECONDS:
            self._has_spare_time = self._waited_s >= SPARE_SHARE * window_s
            self._waited_s, self._window_start = 0.0, now
        return self._has_spare_time
