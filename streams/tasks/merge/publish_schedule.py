"""How often a board publishes what, so that little of the time goes into publishing."""

import time
from collections.abc import Collection

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.kafka.reader import Records
from streams.tasks.load_control import Demand, Rounds

# The board of everything has few keys, and each of them changes with every event. All others
# have rounds so many times further apart, fewer while there is time to spare.
ALL, MEMBERS, SPARE_MEMBERS = 0, 10, 2
# Of its time a board may be busy with merging and publishing so much; members' wide windows,
# and what takes long to work out, come on top. A round of the board of everything is short, and
# everybody looks at it.
ALL_SHARE, SHARE, WIDE_SHARE, SLOW_SHARE = 0.2, 0.025, 0.025, 0.1
# However much there is, nothing waits longer.
SECONDS, WIDE_SECONDS, SLOW_SECONDS = 2.0, 10.0, 5.0
# Under load: what is slow changes with every event, but not by much.
SLOW_LEAST_SECONDS = 1.0
# While many events come, shards speak with every beat and all at once: the board of everything
# answers when all have been heard, or so long after the first, and looks every few milliseconds
# whether they have. A first change after a rest goes out at once, and so does what comes when
# nothing is to be done while not all shards speak all the time.
HEARD_SECONDS, LISTEN_SECONDS, REST_SECONDS = 0.06, 0.005, 0.25
# While events come, other boards leave the event loop alone for so many times what they took of
# it: each turn of theirs delays every step of a commit.
LEAVES = {Demand.NOTHING: 0, Demand.LITTLE: 1, Demand.MUCH: 3}
# The board of everything goes on for so long before others have their turn: with each turn it
# waits for all that has come up meanwhile, and a round of it would have a dozen.
ALL_TURN_SECONDS = 0.005


class Rhythm:
    """The rounds of one board: of the narrow windows, of members' wide ones, of slow KPIs."""

    def __init__(self, settings: Settings, number: int) -> None:
        """Begin with all of them at once; `number` is the board's partition."""
        self._partitions = settings.partitions
        self.is_of_all = number == ALL
        least_s = spare_s = settings.publish_interval_ms / 1000
        if not self.is_of_all:
            least_s, spare_s = least_s * MEMBERS, spare_s * SPARE_MEMBERS
        share = ALL_SHARE if self.is_of_all else SHARE
        self.narrow = Rounds(share, least_s, max(least_s, SECONDS), spare_s)
        self.wide = Rounds(WIDE_SHARE, least_s, max(least_s, WIDE_SECONDS), spare_s)
        least_s = max(least_s, SLOW_LEAST_SECONDS)
        self.slow = Rounds(SLOW_SHARE, least_s, max(least_s, SLOW_SECONDS), spare_s)
        # The shards that were heard the last time and the time before.
        self._heard: tuple[set[int], set[int]] = set(), set()
        # Seconds for which the board goes on before it gives way.
        self.turn_s = ALL_TURN_SECONDS if self.is_of_all else 0.0
        # Of everything there is one slow record a window: less to write than a transaction costs.
        self.slow_come_along = self.is_of_all

    def leaves_for(self, took_s: float, demand: Demand) -> float:
        """Seconds to give way after a turn that took so long."""
        return 0.0 if self.is_of_all else LEAVES[demand] * took_s

    def gathers_for(
        self, waiting: Collection[Records], since: float, found_idle: bool, demand: Demand
    ) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, and `found_idle` whether that was between two steps.
        """
        now = time.monotonic()
        rests_s = self.narrow.next_at(demand) - now
        if not self.is_of_all:
            return 0.0 if found_idle else rests_s
        if now - self.narrow.began > REST_SECONDS:
            return rests_s
        if found_idle and len(self._heard[0] | self._heard[1]) < self._partitions:
            # Few events: the others may have nothing to say.
            return 0.0
        if len(speakers(waiting)) >= self._partitions:
            return rests_s
        return max(rests_s, min(LISTEN_SECONDS, since + HEARD_SECONDS - now))

    def took(self, lists: Collection[Records]) -> None:
        """Note which shards have been heard."""
        if self.is_of_all:
            self._heard = speakers(lists), self._heard[0]


def speakers(lists: Collection[Records]) -> set[int]:
    """Give the shards that partials are from."""
    return {partials.locate(record.key)[0] for records in lists for record in records}
