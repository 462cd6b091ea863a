"""Keys of `sales.kpis`, taken apart: `kpi|all|window|start`, `kpi|dimension=member|...`."""

from typing import NamedTuple

from streams.engine.calendars.calendar import CALENDAR_KINDS, ROLLING_DAYS

WINDOWS = ("hour", *CALENDAR_KINDS, *ROLLING_DAYS)
ALL = "all"


class Place(NamedTuple):
    """What a record is about; `member` is empty where `dimension` is `all`."""

    kpi: str
    dimension: str
    member: str
    window: str
    start: str

    @property
    def scope(self) -> str:
        """The scope as the key has it: `all` or `dimension=member`."""
        return self.dimension if self.dimension == ALL else f"{self.dimension}={self.member}"


def place(key: str) -> Place:
    """Take a key apart; members may hold `|` and `=` themselves."""
    kpi, _, rest = key.partition("|")
    scope, window, start = rest.rsplit("|", 2)
    dimension, _, member = scope.partition("=")
    return Place(kpi, dimension, member, window, start)
