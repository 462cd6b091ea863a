"""When shards speak: all at once, so that the boards answer once to all of them.

By the clock of the wall, which workers on other machines share: shards that spoke each at a time
of its own would make a board of everything publish for each of them, or let some of them wait.
A clock that is wrong shifts the beat, and nothing else depends on it.
"""

import time
from math import floor

# A transaction costs a few milliseconds however little is in it: this many a second and shard
# are enough, unless there is a full one's worth waiting.
COMMIT_INTERVAL_SECONDS = 0.08
# Members' cells are many, and under load boards publish them in rounds of half a second and more:
# told with every third beat, a cell that changed each time is written once, and most transactions
# reach one partition of the partials instead of all.
VALUES_EVERY_COMMITS = 3
VALUES_INTERVAL_SECONDS = VALUES_EVERY_COMMITS * COMMIT_INTERVAL_SECONDS


def until_next_commit(since: float) -> float:
    """Give the seconds from now until the first beat after an instant; negative if it is over.

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
    """Number the turn in which a shard tells members' cells, if it has not yet.

    Not all shards of a worker have the same beat for it: that one takes longer.
    """
    return (floor(time.time() / COMMIT_INTERVAL_SECONDS) + number) // VALUES_EVERY_COMMITS
