"""Made-up sales histories: long plausible ones from a seed, short nasty ones for the laws."""

from tests.histories.delivery import disturbed, lines
from tests.histories.sales import history, long_history

__all__ = ["disturbed", "history", "lines", "long_history"]
