"""The schedule of commits: a grid on the wall clock, so that merge tasks publish once per step.

Workers on other machines share that clock. Aggregate tasks that committed at times of their own
would make the merge task of the total publish for each of them, or let some of them wait. A
wrong clock shifts the grid, and nothing else depends on it.
"""

import time
from math import floor

# A transaction costs a few milliseconds however little is in it.
COMMIT_INTERVAL_SECONDS = 0.08
# Cells of dimension values are many, and under load merge tasks publish them in rounds of half a
# second and more. With every third commit, a cell that changed each time is written once, and most
# transactions write to one partition of the partials instead of all.
VALUES_EVERY_COMMITS = 3
VALUES_INTERVAL_SECONDS = VALUES_EVERY_COMMITS * COMMIT_INTERVAL_SECONDS


def until_next_commit(since: float) -> float:
    """Seconds from now until the first grid step after an instant; negative if it is past.

    The instant is one of the monotonic clock.
    """
    now = time.monotonic()
    ahead = time.time() - now
    return (
        (floor((since + ahead) / COMMIT_INTERVAL_SECONDS) + 1) * COMMIT_INTERVAL_SECONDS
        - ahead
        - now
    )


def values_slot(number: int) -> int:
    """The number of the current slot in which a partition may publish cells of dimension values.

    A slot is some commits long, and begins at another commit for each of a worker's partitions,
    because these commits take longer.
    """
    return (floor(time.time() / COMMIT_INTERVAL_SECONDS) + number) // VALUES_EVERY_COMMITS
