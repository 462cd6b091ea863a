"""The schedule of commits: a grid on the wall clock, so that merge tasks publish once per step.

Workers on other machines share that clock. Aggregate tasks that committed at times of their own
would make the merge task of the total publish for each of them, or let some of them wait. A
wrong clock shifts the grid, and nothing else depends on it.
"""

import time
from math import floor

from streams.engine.catalogue.publish_priority import Priority

# A transaction costs a few milliseconds however little is in it.
COMMIT_INTERVAL_SECONDS = 0.08
# A fetch costs this process 0.8 ms and Kafka 0.6, however little is in it, and while events come
# one by one each is answered at once. One is sent just before each commit, so that no event waits
# longer for its commit; the others find the partials that commits have left.
FETCH_INTERVAL_SECONDS = COMMIT_INTERVAL_SECONDS / 4
FETCH_LEAD_SECONDS = 0.005
# An instant so little before a step is taken for the step: whoever slept until then has waited.
TOLERANCE_SECONDS = 1e-4
# Under load, cells wait for one of so many commits. Those of dimension values are many; one that
# changed each time is written once, and most transactions write to few partitions of the partials.
# Rounds of reps and channels follow such a commit at once, so all partitions have the same one.
# What a round costs grows with the number of KPIs: 0.4 s for the whole catalogue, 0.16 s for few.
KPIS_PER_COMMIT = 12
FEWEST_COMMITS, MOST_COMMITS = 2, 5
# Nobody waits for the cells of hours, of other dimensions and of days long past.
LATER_COMMITS = 15
# A cell that changes under load is published within this time.
CELLS_INTERVAL_SECONDS = LATER_COMMITS * COMMIT_INTERVAL_SECONDS


def every_commits(priority: Priority, kpis: int) -> int:
    """How many commits there are from one with cells of a priority to the next, under load.

    `kpis` is how many KPIs are counted.
    """
    if priority is Priority.NEXT:
        return min(MOST_COMMITS, max(FEWEST_COMMITS, kpis // KPIS_PER_COMMIT))
    return 1 if priority is Priority.FIRST else LATER_COMMITS


def until_next_commit(since: float) -> float:
    """Seconds from now until the first grid step after an instant; negative if it is past.

    The instant is one of the monotonic clock.
    """
    return _until_next_step(since, COMMIT_INTERVAL_SECONDS, 0.0)


def until_next_fetch(since: float) -> float:
    """Seconds from now until the first fetch after an instant, as `until_next_commit` has it."""
    return _until_next_step(since, FETCH_INTERVAL_SECONDS, FETCH_LEAD_SECONDS)


def _until_next_step(since: float, interval_s: float, lead_s: float) -> float:
    """Seconds from now until the first step after an instant, on a grid `lead_s` early."""
    now = time.monotonic()
    ahead = time.time() - now + lead_s
    passed = floor((since + ahead + TOLERANCE_SECONDS) / interval_s)
    return (passed + 1) * interval_s - ahead - now


def commit_slot(priority: Priority, number: int, kpis: int) -> int:
    """The number of the current slot in which a partition may publish cells of a priority.

    A slot is some commits long. The last one begins at another commit for each of a worker's
    partitions, because these commits take longer. `kpis` is how many KPIs are counted.
    """
    step = floor(time.time() / COMMIT_INTERVAL_SECONDS)
    shift = number if priority is Priority.LATER else 0
    return (step + shift) // every_commits(priority, kpis)
