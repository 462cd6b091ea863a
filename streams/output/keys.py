"""The keys of `sales.kpis`: `kpi|all|window|start`, `kpi|dimension=value|window|start`."""

from typing import NamedTuple

from streams.engine.calendars.calendar import CALENDAR_KINDS, ROLLING_DAYS

WINDOWS = ("hour", *CALENDAR_KINDS, *ROLLING_DAYS)
ALL = "all"
# Kinds of KPIs that hold until they change: a window without a record has what was there before.
LEVELS = frozenset({"level", "level_ratio"})


class RecordKey(NamedTuple):
    """The parts of a key; `value` is empty where `dimension` is `all`."""

    kpi: str
    dimension: str
    value: str
    window: str
    start: str

    @property
    def scope(self) -> str:
        """The scope as written in the key: `all` or `dimension=value`."""
        return self.dimension if self.dimension == ALL else f"{self.dimension}={self.value}"


def parse_key(key: str) -> RecordKey:
    """Split a key into its parts; values may contain `|` and `=` themselves."""
    kpi, _, rest = key.partition("|")
    scope, window, start = rest.rsplit("|", 2)
    dimension, _, value = scope.partition("=")
    return RecordKey(kpi, dimension, value, window, start)
