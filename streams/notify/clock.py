"""The clock of notifications."""

import time


def now_ms() -> int:
    """Return the machine's time in milliseconds: a fixed clock would never end a quiet hour."""
    return time.time_ns() // 1_000_000
