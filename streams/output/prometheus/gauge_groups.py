"""The gauges of one KPI and dimension, of which those of the largest members are shown."""

from collections import Counter
from typing import NamedTuple

from streams.output.prometheus.gauges import Gauge, Gauges
from streams.output.prometheus.selection import largest

WindowKey = tuple[str, str]  # its kind and its start


class Limits(NamedTuple):
    """How many values, and how many labels, of a KPI's dimension have gauges."""

    values: int
    labels: int


class Shown(NamedTuple):
    """The gauges to show, and the numbers of values and labels left out."""

    gauges: list[Gauge]
    values_dropped: int
    labels_dropped: int


class GaugeGroup:
    """The records of one KPI and dimension: by value, then by window."""

    def __init__(self) -> None:
        self.records: dict[str, dict[WindowKey, Gauges]] = {}
        self._values: set[str] = set()
        self._labels: set[str] = set()

    def replace(self, window: WindowKey, value: str, record: Gauges | None) -> None:
        """Replace the record of a value and window; None removes it."""
        if record is not None:
            self.records.setdefault(value, {})[window] = record
        elif value in self.records:
            self.records[value].pop(window, None)
            if not self.records[value]:
                del self.records[value]

    def drop(self, ended: set[WindowKey]) -> None:
        """Remove the records of some windows."""
        for value, by_window in list(self.records.items()):
            for window in ended & by_window.keys():
                self.replace(window, value, None)

    def shown(self, running: set[WindowKey], limits: Limits) -> Shown:
        """Return the gauges of running windows, of no more members than the limits allow.

        What the last call returned is preferred to what is about as large.
        """
        sizes: dict[str, float] = {}
        current: dict[str, list[Gauges]] = {}
        for value, by_window in self.records.items():
            found = [each for window, each in by_window.items() if window in running]
            found = [each for each in found if each.is_named]
            if found:
                current[value] = found
                sizes[value] = max([each.size for each in found])
        self._values = largest(sizes, limits.values, self._values)
        records = [each for value in current if value in self._values for each in current[value]]
        values_dropped = len(sizes) - len(self._values)
        if any(found[0].is_labelled for found in current.values()):
            every = [gauge for found in current.values() for each in found for gauge in each.values]
            gauges, labels_dropped = self._labelled(records, every, limits.labels)
            return Shown(gauges, values_dropped, labels_dropped)
        return Shown([gauge for each in records for gauge in each.values], values_dropped, 0)

    def _labelled(
        self, records: list[Gauges], every: list[Gauge], limit: int
    ) -> tuple[list[Gauge], int]:
        """Return the gauges whose labels are frequent, and the number of the other labels."""
        sizes: Counter[str] = Counter()
        for gauge in every:
            if gauge.label:
                sizes[gauge.label] = max(sizes[gauge.label], int(gauge.value))
        self._labels = largest(sizes, limit, self._labels)
        shown = {"", *self._labels}
        gauges = [gauge for each in records for gauge in each.values if gauge.label in shown]
        return gauges, len(sizes) - len(self._labels)
