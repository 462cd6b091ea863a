"""How often a board publishes what, so that little of the time goes into publishing."""

import time
from collections.abc import Collection

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.kafka.reader import Records
from streams.tasks.load_control import Load, RateLimiter

# The board of everything has few keys, and each of them changes with every event. All others
# have rounds so many times further apart, fewer while there is time to spare.
TOTAL_PARTITION, VALUES_FACTOR, SPARE_VALUES_FACTOR = 0, 10, 2
# Of its time a board may be busy with merging and publishing so much; members' wide windows,
# and what takes long to work out, come on top. A round of the board of everything is short, and
# everybody looks at it.
TOTAL_SHARE, DAILY_SHARE, LONG_WINDOWS_SHARE, EXPENSIVE_SHARE = 0.2, 0.025, 0.025, 0.1
# However much there is, nothing waits longer.
DAILY_MAX_SECONDS, LONG_WINDOWS_MAX_SECONDS, EXPENSIVE_MAX_SECONDS = 2.0, 10.0, 5.0
# Under load: what is slow changes with every event, but not by much.
EXPENSIVE_MIN_SECONDS = 1.0
# While many events come, shards speak with every beat and all at once: the board of everything
# answers when all have been heard, or so long after the first, and looks every few milliseconds
# whether they have. A first change after a rest goes out at once, and so does what comes when
# nothing is to be done while not all shards speak all the time.
ALL_SHARDS_TIMEOUT_SECONDS, POLL_SECONDS, QUIET_SECONDS = 0.06, 0.005, 0.25
# While events come, other boards leave the event loop alone for so many times what they took of
# it: each turn of theirs delays every step of a commit.
YIELD_FACTOR = {Load.IDLE: 0, Load.LIGHT: 1, Load.HEAVY: 3}
# The board of everything goes on for so long before others have their turn: with each turn it
# waits for all that has come up meanwhile, and a round of it would have a dozen.
TOTAL_SLICE_SECONDS = 0.005


class PublishSchedule:
    """The rounds of one board: of the narrow windows, of members' wide ones, of slow KPIs."""

    def __init__(self, settings: Settings, number: int) -> None:
        """Begin with all of them at once; `number` is the board's partition."""
        self._partitions = settings.partitions
        self.is_total = number == TOTAL_PARTITION
        least_s = spare_s = settings.publish_interval_ms / 1000
        if not self.is_total:
            least_s, spare_s = least_s * VALUES_FACTOR, spare_s * SPARE_VALUES_FACTOR
        share = TOTAL_SHARE if self.is_total else DAILY_SHARE
        self.daily = RateLimiter(share, least_s, max(least_s, DAILY_MAX_SECONDS), spare_s)
        self.long_windows = RateLimiter(
            LONG_WINDOWS_SHARE, least_s, max(least_s, LONG_WINDOWS_MAX_SECONDS), spare_s
        )
        least_s = max(least_s, EXPENSIVE_MIN_SECONDS)
        self.expensive = RateLimiter(
            EXPENSIVE_SHARE, least_s, max(least_s, EXPENSIVE_MAX_SECONDS), spare_s
        )
        # The shards that were heard the last time and the time before.
        self._recent_shards: tuple[set[int], set[int]] = set(), set()
        # Seconds for which the board goes on before it gives way.
        self.slice_s = TOTAL_SLICE_SECONDS if self.is_total else 0.0
        # Of everything there is one slow record a window: less to write than a transaction costs.
        self.expensive_with_daily = self.is_total

    def yield_s(self, took_s: float, load: Load) -> float:
        """Seconds to give way after a turn that took so long."""
        return 0.0 if self.is_total else YIELD_FACTOR[load] * took_s

    def linger_s(
        self, waiting: Collection[Records], since: float, found_idle: bool, load: Load
    ) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, and `found_idle` whether that was between two steps.
        """
        now = time.monotonic()
        rests_s = self.daily.next_at(load) - now
        if not self.is_total:
            return 0.0 if found_idle else rests_s
        if now - self.daily.began > QUIET_SECONDS:
            return rests_s
        if found_idle and len(self._recent_shards[0] | self._recent_shards[1]) < self._partitions:
            # Few events: the others may have nothing to say.
            return 0.0
        if len(shards_of(waiting)) >= self._partitions:
            return rests_s
        return max(rests_s, min(POLL_SECONDS, since + ALL_SHARDS_TIMEOUT_SECONDS - now))

    def received(self, lists: Collection[Records]) -> None:
        """Note which shards have been heard."""
        if self.is_total:
            self._recent_shards = shards_of(lists), self._recent_shards[0]


def shards_of(lists: Collection[Records]) -> set[int]:
    """Give the shards that partials are from."""
    return {partials.locate(record.key)[0] for records in lists for record in records}
